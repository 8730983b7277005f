/**
 * The life of an image through the clients: tags, deactivation, hiding, protection, properties and the rest of PATCH
 * (docs/reference/images-api.md §2.5, §2.12, §2.13, §5).
 */
import assert from "node:assert/strict";
import { type Clients, field, type Image, type Person, rows } from "../support/clients.ts";

export async function images(t: Deno.TestContext, { as, folder }: Clients): Promise<void> {
  const [demo, admin, alt] = [await as("demo"), await as("admin"), await as("alt")];
  const file = `${folder}/data`;
  await Deno.writeTextFile(file, "some bytes");
  const active = async (...args: string[]) => {
    const formats = ["--disk-format", "raw", "--container-format", "bare", "--file", file];
    return field(await demo.glance("image-create", ...formats, ...args), "id");
  };
  const tags = async (id: string) => (await demo.show(id)).tags.toSorted();

  await t.step("tags by glance, openstack and openstacksdk", async () => {
    const id = await active("--tags", "one", "two words");
    assert.deepEqual(await tags(id), ["one", "two words"]);
    assert.match(await demo.glance("image-tag-update", id, "ümlaut"), /ümlaut/);
    await demo.glance("image-tag-delete", id, "one");
    await demo.refused("glance", ["image-tag-delete", id, "one"], /HTTP 404/);
    assert.deepEqual(await tags(id), ["two words", "ümlaut"]);
    await demo.openstack("image", "set", "--tag", "a", "--tag", "b", id);
    await demo.openstack("image", "unset", "--tag", "two words", id);
    assert.deepEqual(await tags(id), ["a", "b", "ümlaut"]);
    await demo.sdk("add_tag", [id, "c"]);
    await demo.sdk("remove_tag", [id, "ümlaut"]);
    assert.deepEqual(await tags(id), ["a", "b", "c"]);
    await demo.sdk("update_image", [id], { tags: ["x", "x", "y"] });
    assert.deepEqual(await tags(id), ["x", "y"]);
    await alt.sdkRefused(404, /Image .* not found/, "add_tag", [id, "theirs"]);
  });
  await t.step("deactivated: no download but for an administrator, and back", async () => {
    const id = await active("--visibility", "private");
    const turns: [string, (on: boolean) => Promise<unknown>][] = [
      ["glance", (on) => demo.glance(on ? "image-reactivate" : "image-deactivate", id)],
      ["openstack", (on) => demo.openstack("image", "set", on ? "--activate" : "--deactivate", id)],
      ["openstacksdk", (on) => demo.sdk(on ? "reactivate_image" : "deactivate_image", [id])],
    ];
    for (const [client, turn] of turns) {
      await turn(false);
      assert.equal((await demo.show(id)).status, "deactivated", client);
      const back = ["image-download", "--file", `${folder}/back`, id];
      await demo.refused("glance", back, /HTTP 403 Forbidden: The requested image has been deactivated/);
      await demo.refused(
        "openstack",
        ["image", "save", "--file", `${folder}/back`, id],
        /Unable to download image/,
      );
      await admin.glance(...back);
      assert.equal(await Deno.readTextFile(`${folder}/back`), "some bytes");
      await turn(true);
      assert.equal((await demo.show(id)).status, "active", client);
      await demo.openstack("image", "save", "--file", `${folder}/back`, id);
      assert.equal(await Deno.readTextFile(`${folder}/back`), "some bytes");
    }
    const queued = field(await demo.glance("image-create"), "id");
    const refusal = /Not allowed to deactivate image in status .*queued/;
    await demo.refused("glance", ["image-deactivate", queued], refusal);
    await demo.refused("glance", ["image-reactivate", queued], /HTTP 403/);
  });
  await t.step("hidden: out of the list, still there", async () => {
    const names = async (...args: string[]) =>
      rows(await demo.glance("image-list", ...args)).map(([id]) => id);
    const id = await active("--name", "in hiding", "--hidden", "true");
    assert.ok(!(await names()).includes(id));
    assert.deepEqual(await names("--hidden"), [id]);
    assert.equal(field(await demo.glance("image-show", id), "os_hidden"), "True");
    const seen = await demo.json<{ ID: string }[]>("image", "list", "--hidden");
    assert.deepEqual(seen.map((row) => row.ID), [id]);
    // By name the client finds it only because it also searches the hidden images.
    assert.equal((await demo.json<{ id: string }>("image", "show", "in hiding")).id, id);
    await demo.openstack("image", "set", "--unhidden", id);
    assert.ok((await names()).includes(id));
    await demo.glance("image-update", "--hidden", "true", id);
    assert.deepEqual((await demo.sdk<Image[]>("images", [], { is_hidden: true })).map((image) => image.id), [
      id,
    ]);
    await demo.sdk("update_image", [id], { is_hidden: false });
    assert.deepEqual(await names("--hidden"), []);
  });
  await t.step("protected: not deleted until it is no longer so", async () => {
    const id = await active("--protected", "true");
    await demo.refused("glance", ["image-delete", id], /You are not permitted to delete the image/);
    await demo.refused("openstack", ["image", "delete", id], /protected and cannot be deleted/);
    await demo.sdkRefused(403, /protected and cannot be deleted/, "delete_image", [id], {
      ignore_missing: false,
    });
    await admin.refused("glance", ["image-delete", id], /You are not permitted to delete the image/);
    await demo.openstack("image", "set", "--unprotected", id);
    await demo.openstack("image", "set", "--protected", id);
    assert.equal((await demo.show(id)).protected, true);
    await demo.glance("image-update", "--protected", "false", id);
    await demo.openstack("image", "delete", id);
    await demo.refused("glance", ["image-show", id], /HTTP 404 Not Found: No image found with ID/);
  });
  await t.step("owner: an administrator's to change", async () => {
    const id = await active("--visibility", "private");
    await demo.refused(
      "glance",
      ["image-update", "--owner", alt.project, id],
      /HTTP 403.*Owner can.*t be updated by non admin/,
    );
    await demo.refused("openstack", ["image", "set", "--project", alt.project, id], /403/);
    await admin.glance("image-update", "--owner", alt.project, id);
    assert.equal((await alt.show(id)).owner, alt.project);
    await demo.refused("glance", ["image-show", id], /HTTP 404/);
    await admin.openstack("image", "set", "--project", "demo", id);
    assert.equal((await demo.show(id)).owner, demo.project);
    const foreign = ["image-create", "--owner", alt.project];
    await demo.refused(
      "glance",
      foreign,
      new RegExp(`not permitted to create images owned by .*${alt.project}`),
    );
    const made = await admin.glance(...foreign);
    assert.equal(field(made, "owner"), alt.project);
    await alt.glance("image-delete", field(made, "id"));
  });
  await t.step("properties and attributes by glance image-update", async () => {
    const id = await active("--property", "color=red", "--property", "shape=round");
    const update = (...args: string[]) => demo.glance("image-update", ...args, id);
    let said = await update("--property", "color=blue", "--property", "weight=3", "--name", "New name");
    assert.deepEqual(["color", "shape", "weight", "name"].map((name) => field(said, name)), [
      "blue",
      "round",
      "3",
      "New name",
    ]);
    said = await update(
      "--remove-property",
      "color",
      "--remove-property",
      "never",
      "--min-ram",
      "512",
      "--min-disk",
      "7",
    );
    assert.deepEqual([field(said, "min_ram"), field(said, "min_disk"), field(said, "shape")], [
      "512",
      "7",
      "round",
    ]);
    assert.equal((await demo.show(id)).color, undefined);
    said = await update("--os-distro", "debian", "--architecture", "x86_64", "--property", "text=ä=b c");
    assert.deepEqual(["os_distro", "architecture", "text"].map((name) => field(said, name)), [
      "debian",
      "x86_64",
      "ä=b c",
    ]);
    await demo.refused(
      "glance",
      ["image-update", "--disk-format", "qcow2", id],
      /can be only replaced for a queued image/,
    );
    await demo.refused(
      "glance",
      ["image-update", "--property", "os_glance_x=1", id],
      /Attribute .*os_glance_x.* is reserved/,
    );
    await demo.refused("glance", ["image-update", "--property", "checksum=1", id], /read-only|403/);
  });
  await t.step("properties and attributes by openstack image set and unset", async () => {
    const { id } = await demo.json<Image>(
      "image",
      "create",
      "by openstack",
      "--property",
      "color=red",
      "--min-ram",
      "1",
    );
    await demo.openstack(
      "image",
      "set",
      "--property",
      "color=blue",
      "--property",
      "weight=3",
      "--property",
      "shape=round",
      "--os-version",
      "12",
      id,
    );
    await demo.openstack(
      "image",
      "set",
      "--name",
      "renamed",
      "--min-disk",
      "4",
      "--disk-format",
      "qcow2",
      id,
    );
    let image = await demo.show(id);
    assert.deepEqual([image.color, image.weight, image.os_version], ["blue", "3", "12"]);
    assert.deepEqual([image.name, image.min_disk, image.min_ram, image.disk_format], [
      "renamed",
      4,
      1,
      "qcow2",
    ]);
    await demo.openstack("image", "unset", "--property", "color", "--property", "weight", id);
    image = await demo.show(id);
    assert.deepEqual([image.color, image.weight, image.os_version], [undefined, undefined, "12"]);
    await demo.refused(
      "openstack",
      ["image", "unset", "--property", "color", id],
      /Failed to unset|not exist|409/,
    );
    const shown = await demo.json<{ properties: Record<string, string> }>("image", "show", "renamed");
    assert.equal(shown.properties.shape, "round");
  });
  await t.step("properties and attributes by openstacksdk", async () => {
    const made = await demo.sdk<Image>("create_image", ["by sdk"], {
      wait: false,
      meta: {},
      color: "red",
      min_ram: 2,
    });
    const changed = await demo.sdk<Image>("update_image", [made.id], {
      name: "new",
      color: "blue",
      hw_disk_bus: "scsi",
    });
    assert.equal(changed.name, "new");
    const image = await demo.show(made.id);
    assert.deepEqual([image.color, image.hw_disk_bus, image.min_ram], ["blue", "scsi", 2]);
    await demo.sdkRefused(400, /Bad Request/, "update_image", [made.id], { min_ram: -1 });
    await demo.sdkRefused(400, /Bad Request/, "update_image", [made.id], { visibility: "everybody" });
  });
  await t.step("PATCH documents of both dialects", async () => {
    const id = await active("--property", "color=red");
    const patch = (dialect: string, document: unknown) =>
      demo.api("PATCH", `/v2/images/${id}`, document, {
        "content-type": `application/openstack-images-${dialect}-json-patch`,
      });
    const answers: [string, unknown, number][] = [
      [
        "v2.1",
        [{ op: "replace", path: "/color", value: "blue" }, { op: "add", path: "/new", value: "x" }],
        200,
      ],
      ["v2.1", [{ op: "remove", path: "/new" }], 200],
      ["v2.1", [{ op: "remove", path: "/new" }], 409],
      ["v2.1", [{ op: "replace", path: "/new", value: "x" }], 409],
      ["v2.1", [{ op: "remove", path: "/name" }], 403],
      ["v2.1", [{ op: "replace", path: "/status", value: "queued" }], 403],
      ["v2.1", [{ op: "replace", path: "/locations", value: [] }], 403],
      ["v2.0", [{ replace: "/color", value: "green" }], 200],
      ["v2.0", [{ add: "/color", value: "green" }], 409],
      ["v2.0", [{ add: "/other", value: "x" }, { remove: "/other" }], 200],
      ["v3", [], 415],
    ];
    for (const [dialect, document, status] of answers) {
      const answer = await patch(dialect, document);
      assert.equal(answer.status, status, `${JSON.stringify(document)}: ${await answer.text()}`);
    }
    assert.deepEqual([(await demo.show(id)).color, (await demo.show(id)).other], ["green", undefined]);
  });
  await t.step("every image goes by the ids and names the clients know", () => cleared(demo, admin));
}

/** Deletes the images of the list, by ids and names, until the list is empty. */
async function cleared(demo: Person, admin: Person): Promise<void> {
  const images = await demo.sdk<Image[]>("images");
  const [named, others] = [
    images.find((image) => image.name === "renamed")!,
    images.filter((image) => image.name !== "renamed"),
  ];
  await demo.openstack("image", "delete", "renamed");
  await demo.refused("openstack", ["image", "show", named.id], /No image found|404/i);
  await demo.glance("image-delete", ...others.map((image) => image.id));
  assert.deepEqual(await demo.sdk("images"), []);
  const gone = others[0]!.id;
  await demo.refused("glance", ["image-delete", gone], new RegExp(`No image with an ID of '${gone}' exists`));
  await demo.sdkRefused(404, /Failed to find image|found/i, "delete_image", [gone], {
    ignore_missing: false,
  });
  assert.equal((await admin.sdk<Image[]>("images", [], { owner: demo.project })).length, 0);
}
