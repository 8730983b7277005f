/** `glance`, `openstack` and openstacksdk at the quotas of the configuration, and with delayed deletion. */
import { clientsThere, withClients } from "./support/clients.ts";
import { deletions } from "./flows/deletions.ts";
import { quotas } from "./flows/quotas.ts";

const ignore = !await clientsThere("client_flows_limits.test.ts");

const SET = {
  DEFAULT: {
    delayed_delete: "true",
    image_property_quota: "4",
    image_tag_quota: "2",
    image_member_quota: "2",
    user_storage_quota: "100",
  },
};

Deno.test({ name: "clients, limits", ignore }, (t) =>
  withClients({ set: SET }, async (clients) => {
    await t.step("deletions", (t) => deletions(t, clients));
    await t.step("quotas", (t) => quotas(t, clients));
  }));
