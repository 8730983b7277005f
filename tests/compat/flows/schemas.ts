/** The schemas, from which the clients take their options and their checks (docs/reference/schemas.md). */
import assert from "node:assert/strict";
import { type Clients, rows } from "../support/clients.ts";
import { clientEnvironment } from "../support/keystone.ts";
import { must } from "../support/processes.ts";

interface Schema {
  name: string;
  properties: Record<string, { type?: unknown; description?: string }>;
}

export async function schemas(t: Deno.TestContext, { as, folder, keystone, region }: Clients): Promise<void> {
  const demo = await as("demo");

  await t.step("glance explain", async () => {
    const models: [string, string[]][] = [
      ["image", [
        "id",
        "name",
        "status",
        "visibility",
        "owner",
        "checksum",
        "os_hash_value",
        "min_ram",
        "protected",
      ]],
      ["images", ["images", "first", "next", "schema"]],
      ["member", ["member_id", "image_id", "status", "created_at", "updated_at", "schema"]],
      ["members", ["members", "schema"]],
      ["task", ["id", "type", "status", "owner", "input", "result", "message"]],
      ["metadefs/namespace", ["namespace", "display_name", "visibility", "owner"]],
      ["metadefs/resource_type", ["name", "prefix", "properties_target"]],
      ["metadefs/tag", ["name"]],
    ];
    for (const [model, wanted] of models) {
      const names = rows(await demo.glance("explain", model)).map(([name]) => name);
      for (const name of wanted) assert.ok(names.includes(name), `${model} has no ${name}: ${names}`);
    }
    await demo.refused("glance", ["explain", "nothing"], /Unable to find requested model 'nothing'/);
  });
  await t.step("openstacksdk's schemas", async () => {
    const methods: [string, string][] = [
      ["get_image_schema", "image"],
      ["get_images_schema", "images"],
      ["get_member_schema", "member"],
      ["get_members_schema", "members"],
      ["get_task_schema", "task"],
      ["get_tasks_schema", "tasks"],
    ];
    for (const [method, name] of methods) {
      const schema = await demo.sdk<Schema>(method);
      assert.equal(schema.name, name);
      assert.ok(Object.keys(schema.properties).length > 1, name);
    }
  });
  await t.step("the options of glance come from the schema of this server", async () => {
    // The client caches the schemas only when no option names the API version.
    const { OS_IMAGE_API_VERSION: _, ...env } = clientEnvironment(keystone, "demo", region, folder);
    await must("glance", ["--get-schema", "image-list"], { env });
    const kept = JSON.parse(await Deno.readTextFile(await cache(`${folder}/.glanceclient`))) as Schema;
    for (const name of ["os_hidden", "kernel_id", "architecture", "os_distro"]) {
      assert.ok(kept.properties[name], name);
    }
    assert.match(await must("glance", ["help", "image-create"], { env }), /--kernel-id[^]*--os-distro/);
    await demo.refused(
      "glance",
      ["image-create", "--min-ram", "many"],
      /invalid int value|argument --min-ram/,
    );
    await demo.refused(
      "glance",
      ["image-create", "--visibility", "everybody"],
      /Unable to set 'visibility' to 'everybody'/,
    );
  });
}

/** Returns the client's cached image schema: a file below a folder named after the server's address. */
async function cache(folder: string): Promise<string> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) return await cache(`${folder}/${entry.name}`);
    if (entry.name === "image_schema.json") return `${folder}/${entry.name}`;
  }
  throw new Error(`no schema in ${folder}`);
}
