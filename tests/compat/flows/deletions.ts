/** Deletion by the clients in every state, with delayed_delete (docs/reference/images-api.md §8): what is deleted at once, and what waits. */
import assert from "node:assert/strict";
import { type Clients, field, type Image } from "../support/clients.ts";

export async function deletions(t: Deno.TestContext, { as, folder, server }: Clients): Promise<void> {
  const [demo, admin] = [await as("demo"), await as("admin")];
  await Deno.writeTextFile(`${folder}/data`, "bytes");
  const formats = ["--disk-format", "raw", "--container-format", "bare"];
  const make = async (...more: string[]) =>
    field(await demo.glance("image-create", ...formats, ...more), "id");
  const active = () => make("--file", `${folder}/data`);
  const kept = () => [...Deno.readDirSync(`${server.folder}/images`)].map(({ name }) => name);
  const states: [string, () => Promise<string>][] = [
    ["queued", () => make()],
    ["active", active],
    ["deactivated", async () => {
      const id = await active();
      await demo.glance("image-deactivate", id);
      return id;
    }],
    ["uploading", async () => {
      const id = await make();
      await demo.glance("image-stage", "--file", `${folder}/data`, id);
      return id;
    }],
  ];
  const clients: [string, (id: string) => Promise<unknown>][] = [
    ["glance", (id) => demo.glance("image-delete", id)],
    ["openstack", (id) => demo.openstack("image", "delete", id)],
    ["openstacksdk", (id) => demo.sdk("delete_image", [id], { ignore_missing: false })],
  ];
  const waiting: string[] = [];

  for (const [status, inState] of states) {
    await t.step(status, async () => {
      for (const [client, remove] of clients) {
        const id = await inState();
        assert.equal((await demo.show(id)).status, status);
        await remove(id);
        for (const person of [demo, admin]) {
          const answer = await person.api("GET", `/v2/images/${id}`);
          await answer.body?.cancel();
          assert.equal(answer.status, 404, client);
        }
        if (status === "active" || status === "deactivated") waiting.push(id);
      }
    });
  }
  await t.step("their data waits for the scrubber, what was staged does not", () => {
    assert.deepEqual(kept().toSorted(), waiting.toSorted());
    assert.deepEqual([...Deno.readDirSync(`${server.folder}/staging`)], []);
  });
  await t.step("their ids are taken for ever", async () => {
    const again = ["image-create", "--id", waiting[0]!];
    await demo.refused("glance", again, /HTTP 409/);
    await demo.refused("openstack", ["image", "create", "--id", waiting[0]!, "again"], /409|Conflict/);
    assert.deepEqual(await admin.sdk("images", [], { status: "pending_delete" }), []);
  });
  await t.step("several at once: what can go goes", async () => {
    const [good, safe, other] = [await active(), await make("--protected", "true"), await make()];
    await demo.refused("glance", ["image-delete", good, safe, other], /not permitted to delete the image/);
    const left = await demo.sdk<Image[]>("images");
    assert.deepEqual(left.map(({ id }) => id), [safe]);
    await demo.refused(
      "openstack",
      ["image", "delete", safe, "never there"],
      /Failed to delete 2 of 2 images|protected/,
    );
    await demo.glance("image-update", "--protected", "false", safe);
    await demo.sdk("delete_image", [safe]);
  });
}
