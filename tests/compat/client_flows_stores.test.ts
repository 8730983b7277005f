/** `glance`, `openstack` and openstacksdk with several stores and visible locations. */
import { clientsThere, withClients } from "./support/clients.ts";
import { locations } from "./flows/locations.ts";
import { stores } from "./flows/stores.ts";

const ignore = !await clientsThere("client_flows_stores.test.ts");

const SET = {
  DEFAULT: {
    enabled_backends: "first:file,second:file,web:http",
    enabled_import_methods: "[glance-direct,web-download,copy-image]",
    show_multiple_locations: "true",
    show_image_direct_url: "true",
  },
  oneglance: { outbound_allowed_networks: "127.0.0.0/8" },
  import_filtering_opts: { allowed_ports: "[]" },
};

Deno.test(
  { name: "clients, several stores", ignore },
  (t) =>
    withClients({ stores: "multi", set: SET }, async (clients) => {
      await t.step("stores", (t) => stores(t, clients));
      await t.step("locations", (t) => locations(t, clients));
    }),
);
