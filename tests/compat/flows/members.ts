/** Members of an image through the clients: sharing, what each side sees and may not do (docs/reference/images-api.md §2.13). */
import assert from "node:assert/strict";
import { type Clients, field, type Person, rows } from "../support/clients.ts";

/** A member in the names of openstacksdk. */
interface Member {
  member: string;
  status: string;
}

const listed = async (person: Person, status: string, id: string) => {
  const images = await person.sdk<{ id: string }[]>("images", [], { member_status: status });
  return images.some((image) => image.id === id);
};

export async function members(t: Deno.TestContext, { as, keystone }: Clients): Promise<void> {
  const [demo, alt, admin, reader] = [
    await as("demo"),
    await as("alt"),
    await as("admin"),
    await as("reader"),
  ];
  const other = keystone.ids.projects.service!;
  let id = "";

  await t.step("glance: share, look, accept, reject, take back", async () => {
    id = field(await demo.glance("image-create", "--name", "by glance", "--visibility", "shared"), "id");
    await alt.refused("glance", ["image-show", id], /HTTP 404/);
    assert.deepEqual(rows(await demo.glance("member-create", id, alt.project)), [[
      id,
      alt.project,
      "pending",
    ]]);
    assert.deepEqual(rows(await demo.glance("member-list", "--image-id", id)), [[
      id,
      alt.project,
      "pending",
    ]]);
    assert.deepEqual(rows(await alt.glance("member-list", "--image-id", id)), [[id, alt.project, "pending"]]);
    assert.equal(field(await alt.glance("image-show", id), "name"), "by glance");
    assert.deepEqual(rows(await alt.glance("image-list")), []);
    assert.deepEqual(rows(await alt.glance("image-list", "--member-status", "pending")), [[id, "by glance"]]);
    for (const status of ["accepted", "rejected", "pending", "accepted"]) {
      const [row] = rows(await alt.glance("member-update", id, alt.project, status));
      assert.deepEqual(row, [id, alt.project, status]);
      assert.equal(field(await alt.glance("member-get", id, alt.project), "status"), status);
      const seen = rows(await alt.glance("image-list"));
      assert.deepEqual(seen, status === "accepted" ? [[id, "by glance"]] : [], status);
    }
    await demo.glance("member-delete", id, alt.project);
    await alt.refused("glance", ["image-show", id], /HTTP 404/);
    assert.deepEqual(rows(await demo.glance("member-list", "--image-id", id)), []);
  });
  await t.step("openstack: share, look, accept, reject, take back", async () => {
    id = (await demo.json<{ id: string }>("image", "create", "by openstack", "--shared")).id;
    const made = await demo.json<{ member_id: string; status: string }>(
      "image",
      "add",
      "project",
      id,
      alt.project,
    );
    assert.deepEqual([made.member_id, made.status], [alt.project, "pending"]);
    const members = async (person: Person) =>
      (await person.json<Record<string, string>[]>("image", "member", "list", id))
        .map((row) => [row["Image ID"], row["Member ID"], row.Status]);
    assert.deepEqual(await members(demo), [[id, alt.project, "pending"]]);
    assert.deepEqual(await members(alt), [[id, alt.project, "pending"]]);
    for (
      const [flag, status] of [["--accept", "accepted"], ["--reject", "rejected"], ["--pending", "pending"]]
    ) {
      await alt.openstack("image", "set", flag!, id);
      assert.deepEqual(await members(demo), [[id, alt.project, status]]);
      for (const wanted of ["accepted", "rejected", "pending", "all"]) {
        const seen = await alt.json<{ ID: string }[]>("image", "list", "--member-status", wanted);
        assert.equal(
          seen.some((row) => row.ID === id),
          wanted === status || wanted === "all",
          `${status} ${wanted}`,
        );
      }
    }
    await demo.openstack("image", "remove", "project", id, alt.project);
    await alt.refused("openstack", ["image", "show", id], /No Image found for|No image found|404/i);
  });
  await t.step("openstacksdk: share, look, accept, reject, take back", async () => {
    id =
      (await demo.sdk<{ id: string }>("create_image", ["by sdk"], { visibility: "shared", wait: false })).id;
    const made = await demo.sdk<Member>("add_member", [id], { member_id: alt.project });
    assert.deepEqual([made.member, made.status], [alt.project, "pending"]);
    for (const status of ["accepted", "rejected", "pending"]) {
      const changed = await alt.sdk<Member>("update_member", [alt.project, id], { status });
      assert.equal(changed.status, status);
      assert.equal((await demo.sdk<Member>("get_member", [alt.project, id])).status, status);
      assert.equal(await listed(alt, status, id), true);
      assert.equal(await listed(alt, "accepted", id), status === "accepted");
    }
    await demo.sdk("remove_member", [alt.project, id]);
    assert.deepEqual(await demo.sdk("members", [id]), []);
    await alt.sdkRefused(404, /No image found|not found/i, "get_image", [id]);
  });
  await t.step("only the member says yes or no, only the owner shares", async () => {
    await demo.sdk("add_member", [id], { member_id: alt.project });
    const twice = /Member \w+ is duplicated for image/;
    await demo.refused("glance", ["member-create", id, alt.project], twice);
    await demo.refused("openstack", ["image", "add", "project", id, alt.project], twice);
    await demo.sdkRefused(409, twice, "add_member", [id], { member_id: alt.project });
    await demo.sdkRefused(403, /Forbidden|not allowed|disallowed/i, "update_member", [alt.project, id], {
      status: "accepted",
    });
    await demo.refused("glance", ["member-update", id, alt.project, "accepted"], /HTTP 403/);
    await alt.sdkRefused(403, /403|Forbidden/, "add_member", [id], { member_id: other });
    await alt.refused("glance", ["member-create", id, other], /HTTP 403/);
    await alt.refused("openstack", ["image", "add", "project", id, other], /403|Forbidden/);
    await alt.refused("glance", ["member-delete", id, alt.project], /HTTP 403/);
    await alt.refused("openstack", ["image", "remove", "project", id, alt.project], /403|Forbidden/);
    await reader.refused("glance", ["member-create", id, other], /HTTP 403/);
    assert.deepEqual(rows(await reader.glance("member-list", "--image-id", id)), [[
      id,
      alt.project,
      "pending",
    ]]);
    await alt.refused("glance", ["member-update", id, other, "accepted"], /HTTP 404/);
    const byAdmin = await admin.sdk<Member>("update_member", [alt.project, id], { status: "rejected" });
    assert.equal(byAdmin.status, "rejected");
  });
  await t.step("a member sees its own entry only, and cannot change the image", async () => {
    await demo.sdk("add_member", [id], { member_id: other });
    assert.equal((await demo.sdk<Member[]>("members", [id])).length, 2);
    assert.deepEqual((await alt.sdk<Member[]>("members", [id])).map(({ member }) => member), [alt.project]);
    await alt.refused("glance", ["image-update", "--name", "mine", id], /HTTP 403/);
    await alt.refused("openstack", ["image", "set", "--name", "mine", id], /403|Forbidden/);
    await alt.refused("glance", ["image-delete", id], /You are not permitted to delete the image/);
    assert.equal((await demo.show(id)).name, "by sdk");
  });
  await t.step("an image that is not shared has no members, and keeps those it had", async () => {
    await demo.glance("image-update", "--visibility", "private", id);
    await demo.refused(
      "glance",
      ["member-list", "--image-id", id],
      /HTTP 403 Forbidden: Only shared images have members/,
    );
    await demo.refused("glance", ["member-create", id, admin.project], /HTTP 403/);
    await demo.refused(
      "openstack",
      ["image", "add", "project", id, admin.project],
      /Only shared images have members/,
    );
    await alt.sdkRefused(404, /found/i, "get_image", [id]);
    await demo.openstack("image", "set", "--shared", id);
    assert.equal((await demo.sdk<Member>("get_member", [alt.project, id])).status, "rejected");
  });
  await t.step("nobody knows of a member that is not there", async () => {
    await demo.refused("glance", ["member-get", id, "nobody"], /HTTP 404/);
    await demo.refused("glance", ["member-delete", id, "nobody"], /HTTP 404/);
    await demo.sdkRefused(404, /found/i, "get_member", ["nobody", id]);
    await demo.glance(
      "image-delete",
      ...(await demo.sdk<{ id: string }[]>("images")).map((image) => image.id),
    );
  });
}
