/** Several stores through the clients: the list of stores, the choice of a store, and deletion from one store (docs/reference/images-api.md §2.11, §2.14). */
import assert from "node:assert/strict";
import { type Clients, field, type Image, rows } from "../support/clients.ts";

export async function stores(t: Deno.TestContext, { as, folder, server }: Clients): Promise<void> {
  const [demo, admin, nova, alt] = [await as("demo"), await as("admin"), await as("nova"), await as("alt")];
  const file = `${folder}/data`;
  await Deno.writeTextFile(file, "in a store");
  const create = async (...more: string[]) => {
    const formats = ["--disk-format", "raw", "--container-format", "bare", "--file", file];
    return field(await demo.glance("image-create", ...formats, ...more), "id");
  };
  const kept = (store: string) => [...Deno.readDirSync(`${server.folder}/${store}`)].map(({ name }) => name);

  await t.step("what stores there are", async () => {
    const listed = JSON.parse(cell(await demo.glance("stores-info"), "stores"));
    const wanted = [{ id: "first", default: "true" }, { id: "second" }, { id: "web", "read-only": "true" }];
    assert.deepEqual(listed, wanted);
    const bySdk = await demo.sdk<{ id: string; default?: unknown }[]>("stores");
    assert.deepEqual(bySdk.map(({ id }) => id), ["first", "second", "web"]);
  });
  await t.step("in detail for administrators and services", async () => {
    for (const person of [admin, nova]) {
      const [, second, web] = JSON.parse(cell(await person.glance("stores-info", "--detail"), "stores"));
      assert.deepEqual([second.type, web.type, web.properties], ["file", "http", {}]);
      assert.equal(second.properties.data_dir, `${server.folder}/second`);
    }
    await demo.refused("glance", ["stores-info", "--detail"], /HTTP 403/);
  });
  await t.step("import methods and usage", async () => {
    const { value } = JSON.parse(cell(await demo.glance("import-info"), "import-methods"));
    assert.deepEqual(value, ["glance-direct", "web-download", "copy-image"]);
    // Without unified limits the usage is empty.
    assert.deepEqual(rows(await demo.glance("usage")), []);
  });
  await t.step("an image goes to the requested store", async () => {
    const [plain, second] = [await create(), await create("--store", "second")];
    assert.deepEqual([(await demo.show(plain)).stores, (await demo.show(second)).stores], [
      "first",
      "second",
    ]);
    assert.deepEqual([kept("first"), kept("second")], [[plain], [second]]);
    const queued = field(
      await demo.glance("image-create", "--disk-format", "raw", "--container-format", "bare"),
      "id",
    );
    await demo.refused(
      "glance",
      ["image-upload", "--store", "nowhere", "--file", file, queued],
      /Store 'nowhere' is not valid/,
    );
    await demo.glance("image-upload", "--store", "second", "--file", file, queued);
    assert.deepEqual(kept("second").toSorted(), [second, queued].toSorted());
    assert.ok((await demo.glance("image-list", "--include-stores")).includes("second"));
    await demo.glance("image-delete", plain, second, queued);
    assert.deepEqual([kept("first"), kept("second")], [[], []]);
  });
  await t.step("out of one store, but not out of the last", async () => {
    const id = await create();
    const args = ["stores-delete", "--store", "first", id];
    await admin.refused("glance", args, /HTTP 403/);
    await admin.glance("image-import", id, "--import-method", "copy-image", "--stores", "second");
    await until(async () => {
      const image = await demo.show(id);
      return !image.os_glance_import_task && image.stores === "first,second";
    });
    await demo.refused("glance", args, /HTTP 403/);
    const missing = /Multi Backend support is not enabled or Image\/store not found/;
    await alt.refused("glance", args, missing);
    await admin.glance(...args);
    assert.deepEqual([(await demo.show(id)).stores, kept("first"), kept("second")], ["second", [], [id]]);
    await demo.glance("image-download", "--file", `${folder}/back`, id);
    assert.equal(await Deno.readTextFile(`${folder}/back`), "in a store");
    await admin.refused("glance", args, /HTTP 403 Forbidden: Cannot delete image data from the only store/);
    await admin.refused("glance", ["stores-delete", "--store", "second", id], /HTTP 403/);
    await admin.refused("glance", ["stores-delete", "--store", "nowhere", id], /HTTP 409/);
    await demo.openstack("image", "delete", id);
    assert.deepEqual(kept("second"), []);
  });
  await t.step("openstack and openstacksdk: to the default store", async () => {
    const { id } = await demo.json<Image>("image", "create", "o", "--file", file);
    assert.equal((await demo.show(id)).stores, "first");
    await demo.sdk("delete_image", [id]);
    assert.deepEqual(kept("first"), []);
  });
}

/** Returns the value of a one-row table; the client breaks long values into several lines. */
function cell(table: string, name: string): string {
  const lines = table.split("\n").filter((line) => line.startsWith("|")).slice(1);
  assert.ok(lines[0]?.startsWith(`| ${name} `), table);
  return lines.map((line) => line.slice(line.indexOf("|", 1) + 2, -2).trimEnd()).reduce((text, line) =>
    // The client also breaks words at hyphens.
    text + (text.endsWith("-") ? "" : " ") + line
  );
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let left = 200; left > 0; left--) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it does not come to an end");
}
