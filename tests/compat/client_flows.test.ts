/**
 * Daily work with `glance`, `openstack` and openstacksdk, with a real Keystone, on a server with default options and
 * some of the custom properties that Glance's packages install.
 */
import { clientsThere, withClients } from "./support/clients.ts";
import { images } from "./flows/images.ts";
import { list } from "./flows/list.ts";
import { members } from "./flows/members.ts";
import { schemas } from "./flows/schemas.ts";
import { sharing } from "./flows/sharing.ts";

const ID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$";
const properties = {
  kernel_id: { type: ["null", "string"], pattern: ID, description: "Image of the kernel" },
  ramdisk_id: { type: ["null", "string"], pattern: ID, description: "Image of the ramdisk" },
  architecture: { type: "string", description: "Architecture of the processor" },
  os_distro: { type: "string", description: "Name of the distribution" },
  os_version: { type: "string", description: "Version of the distribution" },
};

const ignore = !await clientsThere("client_flows.test.ts");

Deno.test({ name: "clients", ignore }, (t) =>
  withClients({ properties }, async (clients) => {
    const flows = { images, members, sharing, list, schemas };
    // Each flow leaves no image behind; a failed one does not stop the next.
    for (const [name, flow] of Object.entries(flows)) await t.step(name, (t) => flow(t, clients));
  }));
