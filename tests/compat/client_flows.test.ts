/** What people do with `glance`, `openstack` and openstacksdk, with a real Keystone, on a server as it comes. */
import { clientsThere, withClients } from "./support/clients.ts";
import { images } from "./flows/images.ts";
import { list } from "./flows/list.ts";
import { members } from "./flows/members.ts";
import { schemas } from "./flows/schemas.ts";
import { sharing } from "./flows/sharing.ts";

const ignore = !await clientsThere("client_flows.test.ts");

Deno.test({ name: "clients", ignore }, (t) =>
  withClients({}, async (clients) => {
    const flows = { images, members, sharing, list, schemas };
    // Each leaves no image behind, and none keeps the next from its turn.
    for (const [name, flow] of Object.entries(flows)) await t.step(name, (t) => flow(t, clients));
  }));
