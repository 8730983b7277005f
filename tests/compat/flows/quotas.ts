/** Quotas of the configuration through the clients (docs/reference/images-api.md §3.9); 2 tags, 2 members, 4 properties, 100 bytes. */
import assert from "node:assert/strict";
import { type Clients, field, type Image } from "../support/clients.ts";

export async function quotas(t: Deno.TestContext, { as, folder, keystone }: Clients): Promise<void> {
  const [demo, alt, admin] = [await as("demo"), await as("alt"), await as("admin")];
  const over = (what: string, most = 2) =>
    new RegExp(`exceeded on the number of allowed image ${what}.*Attempted: ${most + 1}, Maximum: ${most}`);
  const plain = async () => field(await demo.glance("image-create"), "id");

  await t.step("image_property_quota", async () => {
    const five = ["a=1", "b=2", "c=3", "d=4", "e=5"].flatMap((one) => ["--property", one]);
    await demo.refused("glance", ["image-create", ...five], over("properties", 4));
    const id = await plain();
    await demo.refused("glance", ["image-update", ...five, id], over("properties", 4));
    await demo.glance("image-update", ...five.slice(0, 8), id);
    await demo.refused("openstack", ["image", "set", "--property", "e=5", id], /413/);
    await demo.sdkRefused(413, /413/, "update_image", [id], { e: "5" });
    // At the quota a property may still change, or be replaced by another.
    await demo.openstack("image", "set", "--property", "a=9", id);
    await demo.glance("image-update", "--remove-property", "a", "--property", "e=5", id);
    const image = await demo.show(id);
    assert.deepEqual([image.a, image.b, image.e], [undefined, "2", "5"]);
  });
  await t.step("image_tag_quota", async () => {
    await demo.refused("glance", ["image-create", "--tags", "a", "b", "c"], over("tags"));
    const id = await plain();
    await demo.glance("image-tag-update", id, "a");
    await demo.openstack("image", "set", "--tag", "b", id);
    await demo.refused("glance", ["image-tag-update", id, "c"], over("tags"));
    await demo.refused("openstack", ["image", "set", "--tag", "c", id], /413/);
    await demo.sdkRefused(413, over("tags"), "add_tag", [id, "c"]);
    await demo.glance("image-tag-delete", id, "a");
    await demo.sdk("add_tag", [id, "c"]);
    assert.deepEqual((await demo.show(id)).tags.toSorted(), ["b", "c"]);
  });
  await t.step("image_member_quota", async () => {
    const id = await plain();
    await demo.glance("member-create", id, alt.project);
    await demo.openstack("image", "add", "project", id, keystone.ids.projects.service!);
    await demo.refused("glance", ["member-create", id, admin.project], over("members"));
    await demo.refused("openstack", ["image", "add", "project", id, admin.project], over("members"));
    await demo.sdkRefused(413, over("members"), "add_member", [id], { member_id: admin.project });
    await demo.glance("member-delete", id, alt.project);
    await demo.sdk("add_member", [id], { member_id: admin.project });
  });
  await t.step("user_storage_quota", async () => {
    const formats = ["--disk-format", "raw", "--container-format", "bare"];
    const exceeds = /Image exceeds the storage quota/;
    await Deno.writeTextFile(`${folder}/60`, "x".repeat(60));
    const first = field(await demo.glance("image-create", ...formats, "--file", `${folder}/60`), "id");
    const next = field(await demo.glance("image-create", ...formats), "id");
    await demo.refused("glance", ["image-upload", "--file", `${folder}/60`, next], exceeds);
    assert.equal((await demo.show(next)).status, "queued");
    await demo.refused("openstack", ["image", "create", "--file", `${folder}/60`, "too much"], /413|quota/);
    // Another project has a quota of its own.
    await alt.openstack("image", "create", "--private", "--file", `${folder}/60`, "theirs");
    await demo.openstack("image", "delete", first);
    await demo.glance("image-upload", "--file", `${folder}/60`, next);
    assert.equal((await demo.show(next)).status, "active");
    await alt.openstack("image", "delete", "theirs");
    await demo.glance("image-delete", ...(await demo.sdk<Image[]>("images")).map(({ id }) => id));
  });
}
