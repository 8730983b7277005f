/** The schema documents of images: docs/reference/schemas.md §1–§4, §8, docs/reference/images-api.md §7. */
import assert from "node:assert/strict";
import { isError } from "../../src/errors.ts";
import { ImageSchema } from "../../src/images/image_schema.ts";
import { queued } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { OWNER, PATCH_TYPE, READER, startService, type TestService, type Who } from "../support/service.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const NAMES = ["image", "images", "member", "members"];
const NO_ROLE: Who = { roles: "nothing_known", project: "p1" };

Deno.test("who reads schemas, and how", async (t) => {
  await using service = await startService();
  await runTable(t, service, [
    ...NAMES.flatMap((name): Row[] => {
      const ask = `GET /v2/schemas/${name}`;
      return [
        {
          name: "a member",
          ask,
          status: 200,
          json: { name },
          gives: { "content-type": "application/json", etag: null, "cache-control": null },
        },
        { name: "a reader", who: READER, ask, status: 200 },
        { name: "a role that nobody knows", who: NO_ROLE, ask, status: 200 },
        { name: "no role", who: { roles: "", project: "p1" }, ask, status: 200 },
        { name: "nobody", who: null, ask, status: 401 },
        { name: "a body", ask, headers: { "content-length": "2" }, status: 400 },
        ...["POST", "PUT", "PATCH", "DELETE", "HEAD"].map((method): Row => ({
          name: "another method",
          ask: `${method} /v2/schemas/${name}`,
          status: 405,
          gives: { allow: "GET" },
        })),
      ];
    }),
    ...["", "/", "/none", "/image/", "/Image", "/image/x", "/metadefs"].map((path): Row => ({
      name: "nothing else is there",
      ask: `GET /v2/schemas${path}`,
      status: 404,
    })),
  ]);
});

async function fetchSchema(service: TestService, name: string): Promise<Json> {
  return await (await service.ask(`/v2/schemas/${name}`, OWNER)).json();
}

const UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$";
const LINKS = [
  { rel: "self", href: "{self}" },
  { rel: "enclosure", href: "{file}" },
  { rel: "describedby", href: "{schema}" },
];
const PAGES = [
  { rel: "first", href: "{first}" },
  { rel: "next", href: "{next}" },
  { rel: "describedby", href: "{schema}" },
];
const text = { type: "string" };
const readOnly = { type: "string", readOnly: true };
const whole = { type: ["null", "integer"], readOnly: true };
const IMAGE: [string, Json][] = [
  ["id", { type: "string", pattern: UUID }],
  ["name", { type: ["null", "string"], maxLength: 255 }],
  ["status", {
    ...readOnly,
    enum: "queued saving active killed deleted uploading importing pending_delete deactivated".split(" "),
  }],
  ["visibility", { type: "string", enum: ["community", "public", "private", "shared"] }],
  ["protected", { type: "boolean" }],
  ["os_hidden", { type: "boolean" }],
  ["checksum", { type: ["null", "string"], readOnly: true, maxLength: 32 }],
  ["os_hash_algo", { type: ["null", "string"], readOnly: true, maxLength: 64 }],
  ["os_hash_value", { type: ["null", "string"], readOnly: true, maxLength: 128 }],
  ["owner", { type: ["null", "string"], maxLength: 255 }],
  ["size", whole],
  ["virtual_size", whole],
  ["container_format", {
    type: ["null", "string"],
    enum: [null, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"],
  }],
  ["disk_format", {
    type: ["null", "string"],
    enum: [null, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"],
  }],
  ["created_at", readOnly],
  ["updated_at", readOnly],
  ["tags", { type: "array", items: { type: "string", maxLength: 255 } }],
  ["direct_url", readOnly],
  ["min_ram", { type: "integer" }],
  ["min_disk", { type: "integer" }],
  ["self", readOnly],
  ["file", readOnly],
  ["stores", readOnly],
  ["schema", readOnly],
  ["locations", {
    type: "array",
    items: {
      type: "object",
      properties: {
        url: { type: "string", maxLength: 255 },
        metadata: { type: "object" },
        validation_data: {
          type: "object",
          writeOnly: true,
          additionalProperties: false,
          properties: {
            checksum: { type: "string", minLength: 32, maxLength: 32 },
            os_hash_algo: { type: "string", maxLength: 64 },
            os_hash_value: { type: "string", maxLength: 128 },
          },
          required: ["os_hash_algo", "os_hash_value"],
        },
      },
      required: ["url", "metadata"],
    },
  }],
];
const MEMBER: [string, Json][] = [
  ["member_id", text],
  ["image_id", { type: "string", pattern: UUID }],
  ["created_at", text],
  ["updated_at", text],
  ["status", { type: "string", enum: ["pending", "accepted", "rejected"] }],
  ["schema", { type: "string", readOnly: true }],
];

/** The fragment without its descriptions, whose words are free. */
function bare(fragment: Json): Json {
  if (Array.isArray(fragment) || typeof fragment !== "object" || fragment === null) return fragment;
  return Object.fromEntries(
    Object.entries(fragment).filter(([key]) => key !== "description").map((
      [key, value],
    ) => [key, bare(value)]),
  );
}

Deno.test("the image document", async () => {
  await using service = await startService();
  const document = await fetchSchema(service, "image");
  assert.deepEqual(Object.keys(document), ["name", "properties", "additionalProperties", "links"]);
  assert.deepEqual(Object.keys(document.properties), IMAGE.map(([name]) => name));
  for (const [name, fragment] of IMAGE) {
    assert.deepEqual(bare(document.properties[name]), fragment, name);
    assert.ok(document.properties[name].description.length > 0, `${name} has a description`);
    assert.ok(!Object.hasOwn(document.properties[name], "is_base"));
  }
  assert.ok(document.properties.locations.items.properties.validation_data.description);
  assert.deepEqual(document.additionalProperties, { type: "string" });
  assert.deepEqual(document.links, LINKS);
});

Deno.test("the images document", async () => {
  await using service = await startService();
  const document = await fetchSchema(service, "images");
  assert.deepEqual(Object.keys(document), ["name", "properties", "links"]);
  assert.deepEqual(Object.keys(document.properties), ["images", "first", "next", "schema"]);
  assert.deepEqual(document.properties.images, { type: "array", items: await fetchSchema(service, "image") });
  for (const name of ["first", "next", "schema"]) assert.deepEqual(document.properties[name], text);
  assert.deepEqual(document.links, PAGES);
});

Deno.test("the member and members documents", async () => {
  await using service = await startService();
  const member = await fetchSchema(service, "member");
  assert.deepEqual(Object.keys(member), ["name", "properties"]);
  assert.deepEqual(Object.keys(member.properties), MEMBER.map(([name]) => name));
  for (const [name, fragment] of MEMBER) assert.deepEqual(bare(member.properties[name]), fragment, name);
  const members = await fetchSchema(service, "members");
  assert.deepEqual(members, {
    name: "members",
    properties: { members: { type: "array", items: member }, schema: text },
    links: [{ rel: "describedby", href: "{schema}" }],
  });
});

Deno.test("formats follow the configuration", async () => {
  await using service = await startService({
    "image_format.disk_formats": "raw,floppy",
    "image_format.container_formats": "box",
  });
  const { properties } = await fetchSchema(service, "image");
  assert.deepEqual(properties.disk_format.enum, [null, "raw", "floppy"]);
  assert.deepEqual(properties.container_format.enum, [null, "box"]);
});

Deno.test("the document does not depend on what is shown", async () => {
  await using plain = await startService();
  await using open = await startService({
    "DEFAULT.show_multiple_locations": "true",
    "DEFAULT.show_image_direct_url": "true",
  });
  assert.deepEqual(await fetchSchema(open, "image"), await fetchSchema(plain, "image"));
});

const FLAT = {
  kernel_id: { type: ["null", "string"], pattern: UUID, description: "kernel" },
  architecture: { type: "string", description: "é" },
  numa_nodes: { type: "integer" },
  cinder_encryption_key_deletion_policy: { type: "string", enum: ["on_image_deletion", "do_not_delete"] },
};

/** A service with that schema-image.json. */
async function extended(extension: unknown): Promise<TestService> {
  const service = await startService();
  service.deps.imageSchema = new ImageSchema({
    diskFormats: service.deps.imageSchema.diskFormats,
    containerFormats: service.deps.imageSchema.containerFormats,
    extension: JSON.stringify(extension),
  });
  return service;
}

const posts = (name: string, body: unknown, status: number, json?: unknown): Row => ({
  name,
  ask: "POST /v2/images",
  body,
  status,
  ...(json === undefined ? {} : { json }),
});

Deno.test("schema-image.json, flat", async (t) => {
  await using service = await extended(FLAT);
  const document = await fetchSchema(service, "image");
  assert.deepEqual(Object.keys(document.properties).slice(-4), Object.keys(FLAT));
  for (const [name, fragment] of Object.entries(FLAT)) {
    assert.equal(JSON.stringify(document.properties[name]), JSON.stringify({ ...fragment, is_base: false }));
  }
  assert.deepEqual((await fetchSchema(service, "images")).properties.images.items, document);
  await runTable(t, service, [
    {
      name: "outside ASCII it is escaped",
      ask: "GET /v2/schemas/image",
      status: 200,
      has: '"description":"\\u00e9"',
    },
    posts("null where the schema allows it", { kernel_id: null }, 201, { kernel_id: null }),
    posts("null where it does not", { architecture: null }, 400),
    posts("a number for text", { architecture: 5 }, 400),
    posts("a number is kept as text", { numa_nodes: 5 }, 201, { numa_nodes: "5" }),
    posts("text for a number", { numa_nodes: "five" }, 400),
    posts("a value of the enumeration", { cinder_encryption_key_deletion_policy: "do_not_delete" }, 201),
    posts("another value", { cinder_encryption_key_deletion_policy: "maybe" }, 400),
    posts("the pattern", { kernel_id: "1234" }, 400),
    posts("other properties are texts as ever", { other: "x" }, 201, { other: "x" }),
    posts("other properties are texts as ever", { other: null }, 400),
    ...[[null, 200], ["1234", 400], [5, 400]].map(([value, status]): Row => ({
      name: "by PATCH",
      given: queued({ kernel_id: null }),
      ask: "PATCH /v2/images/{id}",
      headers: { "content-type": PATCH_TYPE },
      body: [{ op: "replace", path: "/kernel_id", value }],
      status: status as number,
    })),
  ]);
});

Deno.test("schema-image.json, extended, with a required property", async (t) => {
  await using service = await extended({ properties: FLAT, required: ["architecture"] });
  const document = await fetchSchema(service, "image");
  assert.deepEqual(Object.keys(document), [
    "name",
    "properties",
    "additionalProperties",
    "required",
    "links",
  ]);
  assert.deepEqual(document.required, ["architecture"]);
  await runTable(t, service, [
    posts("without it", {}, 400),
    posts("with it", { architecture: "x" }, 201),
    {
      name: "PATCH may still remove it",
      given: queued({ architecture: "x" }),
      ask: "PATCH /v2/images/{id}",
      headers: { "content-type": PATCH_TYPE },
      body: [{ op: "remove", path: "/architecture" }],
      status: 200,
      json: { architecture: undefined },
    },
  ]);
});

Deno.test("schema-image.json, nothing required", async () => {
  await using service = await extended({ properties: FLAT, required: [] });
  assert.ok(!Object.hasOwn(await fetchSchema(service, "image"), "required"));
});

const BROKEN: [string, string][] = [
  ["no JSON", "{"],
  ["no object", "[]"],
  ["a base attribute", '{"name": {"type": "string"}}'],
  ["a read-only attribute", '{"status": {"type": "string"}}'],
  ["locations", '{"properties": {"locations": {"type": "array"}}}'],
  ["a schema that is none", '{"kind": "string"}'],
];

for (const [name, extension] of BROKEN) {
  Deno.test(`schema-image.json keeps the service from starting: ${name}`, () => {
    assert.throws(
      () =>
        new ImageSchema({
          diskFormats: [],
          containerFormats: [],
          extension,
          extensionFile: "/x/schema-image.json",
        }),
      (error: unknown) => isError(error, "config") && error.message.includes("/x/schema-image.json"),
    );
  });
}
