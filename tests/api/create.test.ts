/** POST /v2/images, row by row of spec/images-api.md §2.1, §3.7, §3.9 and §9.2. */
import assert from "node:assert/strict";
import { all, queued } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER, type Who } from "../support/service.ts";

const ID = "1a2B3c4d-0000-4000-8000-00000000ABCD";
const makes = (name: string, body: unknown, json: unknown = body, who: Who = OWNER): Row => ({
  name,
  who,
  ask: "POST /v2/images",
  body,
  status: 201,
  json,
});
const refuses = (
  status: number,
  name: string,
  body: unknown,
  has: string | string[] = "",
  who: Who = OWNER,
): Row => ({
  name,
  who,
  ask: "POST /v2/images",
  body,
  status,
  has,
});
const detail = (message: string) => `<br /><br />\\n${message}\\n\\n`;
const SCHEMA = "Provided object does not match schema 'image'";

const MADE: Row[] = [
  makes("an empty object", {}, {
    name: null,
    disk_format: null,
    container_format: null,
    visibility: "shared",
    size: null,
    virtual_size: null,
    status: "queued",
    checksum: null,
    protected: false,
    min_ram: 0,
    min_disk: 0,
    owner: "p1",
    os_hidden: false,
    os_hash_algo: null,
    os_hash_value: null,
    tags: [],
    schema: "/v2/schemas/image",
    locations: undefined,
    direct_url: undefined,
    stores: undefined,
    deleted: undefined,
    deleted_at: undefined,
    members: undefined,
    properties: undefined,
  }),
  makes("every attribute that may be given", {
    name: "n",
    visibility: "private",
    protected: true,
    os_hidden: true,
    owner: "p1",
    tags: ["b", "a"],
    disk_format: "qcow2",
    container_format: "bare",
    min_ram: 1,
    min_disk: 2147483647,
    kind: "v",
  }),
  makes("an id of the client, upper case kept", { id: ID }),
  makes("name null", { name: null }),
  makes("name empty", { name: "" }),
  makes("name of 255 characters", { name: "é".repeat(255) }),
  makes("formats null", { disk_format: null, container_format: null }),
  makes("tags collapse, in the order given", { tags: ["b", "a", "b", "ü"] }, { tags: ["b", "a", "ü"] }),
  makes("a tag of 255 characters", { tags: ["t".repeat(255)] }),
  makes("an integer written as 1.0", '{"min_ram": 1.0}', { min_ram: 1 }),
  makes("community by the owner", { visibility: "community" }),
  makes("public by an administrator", { visibility: "public" }, { visibility: "public" }, ADMIN),
  makes("another owner by an administrator", { owner: "p9" }, { owner: "p9" }, ADMIN),
  makes("no owner by an administrator", { owner: null }, { owner: null }, ADMIN),
  {
    ...makes("an empty owner is echoed and kept as null", { owner: "" }, { owner: "" }, ADMIN),
    async then(service, _given, body) {
      const shown = await service.ask(`/v2/images/${JSON.parse(body).id}`, ADMIN);
      assert.equal((await shown.json()).owner, null);
    },
  },
  makes("an empty property", { kind: "" }),
  makes("a property name of 255 characters", { ["k".repeat(255)]: "v" }),
  makes("a property value of 65535 bytes", { kind: "v".repeat(65535) }),
  makes("property names that JavaScript knows", '{"constructor":"a","toString":"b","hasOwnProperty":"c"}', {
    constructor: "a",
    toString: "b",
    hasOwnProperty: "c",
  }),
  makes("internal names of upstream are properties", { image_id: "a", extra_properties: "b", member: "c" }),
  makes("names that differ in case", { Kind: "a", kind: "b" }),
  makes("a name near a reserved one", { os_glanc: "a", locationx: "b", Deleted: "c" }),
  makes("Content-Type is not looked at", { name: "n" }),
  { ...makes("a Content-Type of something else", { name: "n" }), headers: { "content-type": "text/plain" } },
  { ...makes("X-Image-Meta-Store is ignored", {}), headers: { "x-image-meta-store": "nowhere" } },
];

const READ_ONLY = {
  direct_url: "file:///x",
  self: "/x",
  file: "/x",
  schema: "/x",
  stores: "x",
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  status: "active",
  checksum: "d41d8cd98f00b204e9800998ecf8427e",
  size: 5,
  virtual_size: null,
  os_hash_algo: "sha512",
  os_hash_value: "00",
};

const REFUSED: Row[] = [
  { name: "no body", ask: "POST /v2/images", status: 400, has: "Body expected in request." },
  ...['{"name": ', "{'name': 'x'}", "nonsense", "{}{}"].map((body) =>
    refuses(400, "bad JSON", body, "Malformed JSON in request body.")
  ),
  ...["true", '"x"', "5", "null"].map((body) =>
    refuses(400, "scalar JSON", body, "Unexpected body type. Expected list/dict.")
  ),
  refuses(400, "an array", []),
  ...Object.entries(READ_ONLY).map(([name, value]) =>
    refuses(403, "read-only", { [name]: value }, `Attribute '${name}' is read-only.`)
  ),
  ...["location", "deleted", "deleted_at", "os_glance_x", "os_glancex", "os_glance"].map((name) =>
    refuses(403, "reserved, detail form", { [name]: "x" }, [
      "Access was denied to this resource.",
      detail(`Attribute '${name}' is reserved.`),
    ])
  ),
  refuses(403, "locations, even none", { locations: [] }, "'locations' is reserved."),
  refuses(403, "locations", { locations: [{ url: "http://x/y", metadata: {} }] }, "'locations' is reserved."),
  ...Object.entries({
    name: 5,
    visibility: "everybody",
    protected: "true",
    os_hidden: 1,
    owner: 7,
    tags: "a",
    min_ram: "1",
    min_disk: 1.5,
    disk_format: "floppy",
    container_format: "box",
    id: "1234",
    size: "5",
    status: "bogus",
    locations: "x",
    kind: 5,
  }).map(([name, value]) => refuses(400, "schema", { [name]: value }, SCHEMA)),
  ...[null, 5, true, [], {}].map((value) =>
    refuses(400, "a property that is no string", { kind: value }, SCHEMA)
  ),
  ...["min_ram", "min_disk", "protected", "os_hidden", "visibility", "tags", "id"].map((name) =>
    refuses(400, "null where none may be", { [name]: null }, SCHEMA)
  ),
  ...["min_ram", "min_disk"].flatMap((name) =>
    [-1, 2147483648, 1e30].map((value) => refuses(400, "out of range", { [name]: value }))
  ),
  refuses(400, "an empty format", { disk_format: "" }),
  refuses(400, "an empty format", { container_format: "" }),
  refuses(400, "tags that are no strings", { tags: [1] }),
  refuses(400, "tags null inside", { tags: [null] }),
  refuses(400, "a name of 256 characters", { name: "n".repeat(256) }),
  refuses(400, "an owner of 256 characters", { owner: "n".repeat(256) }, "", ADMIN),
  refuses(400, "a tag of 256 characters", { tags: ["t".repeat(256)] }),
  refuses(400, "a property name of 256 characters", { ["k".repeat(256)]: "v" }),
  refuses(400, "an empty property name", { "": "v" }),
  refuses(400, "a property value of 65536 bytes", { kind: "v".repeat(65536) }),
  refuses(400, "a property value of 65537 bytes in fewer characters", { kind: "é".repeat(32769) }),
  refuses(400, "beyond the basic plane: name", { name: "💥" }, "could not be decoded"),
  refuses(400, "beyond the basic plane: tag", { tags: ["💥"] }, "could not be decoded"),
  refuses(400, "beyond the basic plane: property", { kind: "💥" }, "could not be decoded"),
  refuses(400, "beyond the basic plane: property name", { "💥": "x" }, "could not be decoded"),
  refuses(400, "beyond the basic plane: owner", { owner: "💥" }, "could not be decoded", ADMIN),

  refuses(
    403,
    "public by a member",
    { visibility: "public" },
    "not authorized to complete publicize_image action",
  ),
  refuses(403, "a reader", {}, "You are not authorized to complete add_image action.", READER),
  refuses(403, "another owner, detail form", { owner: "p2" }, [
    "Access was denied to this resource.",
    "You are not permitted to create images owned by 'p2'",
  ]),
  refuses(403, "no owner by a member", { owner: null }, "You are not permitted to create images owned by"),
  refuses(
    403,
    "an empty owner by a member",
    { owner: "" },
    "You are not permitted to create images owned by ''",
  ),
  refuses(
    413,
    "129 tags",
    { tags: Array.from({ length: 129 }, (_, i) => `t${i}`) },
    "Attempted: 129, Maximum: 128",
  ),
  refuses(
    413,
    "129 tags, duplicates included",
    { tags: Array(129).fill("t") },
    "The limit has been exceeded on the number of allowed image tags. Attempted: 129, Maximum: 128",
  ),
  refuses(
    413,
    "129 properties",
    Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`p${i}`, ""])),
    "The limit has been exceeded on the number of allowed image properties. Attempted: 129, Maximum: 128",
  ),
  makes("128 tags and properties", {
    tags: Array.from({ length: 128 }, (_, i) => `t${i}`),
    ...Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`p${i}`, ""])),
  }),

  { ...refuses(409, "an id twice", { id: "{id}" }), given: queued() },
  { ...refuses(409, "an id twice, by a stranger", { id: "{id}" }, "", STRANGER), given: queued() },
  {
    ...refuses(409, "the id of a deleted image", { id: "{id}" }),
    given: all(queued(), async (service) => {
      const { id } = await service.create(OWNER);
      await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
      return { id };
    }),
  },

  // Of several mistakes the first in upstream's order is told.
  refuses(403, "links before the schema", { self: "/x", name: 5 }, "'self' is read-only."),
  refuses(400, "the schema before reserved names", { os_glance_x: "x", name: 5 }, SCHEMA),
  refuses(
    400,
    "the schema before reserved names, whose value is no string either",
    { os_glance_x: 5 },
    SCHEMA,
  ),
  refuses(400, "the schema before read-only names", { size: 5, name: 5 }, SCHEMA),
  refuses(400, "name length before reserved names", { os_glance_x: "x", ["k".repeat(256)]: "v" }),
  refuses(403, "reserved names before policy", { os_glance_x: "x" }, "'os_glance_x' is reserved.", READER),
  refuses(403, "policy before the quota", { tags: Array(129).fill("t") }, "add_image", READER),
  refuses(403, "policy before read-only names", { size: 5 }, "add_image", READER),
  refuses(413, "the quota before read-only names", { size: 5, tags: Array(129).fill("t") }),
];

Deno.test("images are made", async (t) => {
  await using service = await startService();
  await runTable(t, service, MADE);
});

Deno.test("images are refused", async (t) => {
  await using service = await startService();
  await runTable(t, service, REFUSED);
});

const KEYS = [
  "name",
  "disk_format",
  "container_format",
  "visibility",
  "size",
  "virtual_size",
  "status",
  "checksum",
  "protected",
  "min_ram",
  "min_disk",
  "owner",
  "os_hidden",
  "os_hash_algo",
  "os_hash_value",
  "id",
  "created_at",
  "updated_at",
  "tags",
  "self",
  "file",
  "schema",
];

Deno.test("the body of a new image: order of keys, times, links", async () => {
  await using service = await startService();
  const image = await service.create(OWNER, { zebra: "1", name: "n", ant: "2" });
  assert.deepEqual(Object.keys(image), ["zebra", "ant", ...KEYS]);
  assert.match(String(image.created_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(image.updated_at, image.created_at);
  assert.match(image.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(image.self, `/v2/images/${image.id}`);
  assert.equal(image.file, `/v2/images/${image.id}/file`);
  const record = await service.deps.db.read.image({
    id: image.id,
    viewer: { isAdmin: true, projectId: null },
  });
  assert.equal(record!.updated_at, record!.created_at);
  const shown = await service.ask(`/v2/images/${image.id}`, OWNER);
  assert.deepEqual(await shown.json(), image);
});

const HEADERS: {
  name: string;
  options?: Record<string, string>;
  asked?: Record<string, string>;
  gives: Row["gives"];
}[] = [
  {
    name: "as it comes",
    gives: {
      location: /^http:\/\/localhost\/v2\/images\/[0-9a-f-]{36}$/,
      "openstack-image-import-methods": "glance-direct,web-download,copy-image",
      "openstack-image-store-ids": null,
      "content-type": "application/json",
      "x-openstack-request-id": /^req-[0-9a-f-]{36}$/,
      etag: null,
      "last-modified": null,
      "cache-control": null,
      vary: null,
    },
  },
  {
    name: "no import method",
    options: { "DEFAULT.enabled_import_methods": "[]" },
    gives: { "openstack-image-import-methods": null },
  },
  {
    name: "import methods in their order",
    options: { "DEFAULT.enabled_import_methods": "[web-download,glance-direct]" },
    gives: { "openstack-image-import-methods": "web-download,glance-direct" },
  },
  {
    name: "several stores",
    options: {
      "DEFAULT.enabled_backends": "slow:file, web:http, fast:file",
      "glance_store.default_backend": "fast",
      "fast.filesystem_store_datadir": "{dir}/fast",
      "slow.filesystem_store_datadir": "{dir}/slow",
    },
    gives: { "openstack-image-store-ids": "slow,web,fast" },
  },
  {
    name: "public_endpoint is not used",
    options: { "DEFAULT.public_endpoint": "https://pub/image" },
    asked: { host: "img:9292" },
    gives: { location: /^http:\/\/img:9292\/v2\/images\// },
  },
  {
    name: "after proxy headers, without the prefix",
    options: { "oslo_middleware.enable_proxy_headers_parsing": "true" },
    asked: { "x-forwarded-proto": "https", "x-forwarded-host": "front", "x-forwarded-prefix": "/image" },
    gives: { location: /^https:\/\/front\/v2\/images\// },
  },
];

for (const { name, options, asked, gives } of HEADERS) {
  Deno.test(`headers of a new image: ${name}`, async (t) => {
    await using service = await startService(options);
    await runTable(t, service, [
      { name, ask: "POST /v2/images", body: {}, headers: asked ?? {}, status: 201, gives: gives! },
    ]);
  });
}

const QUOTAS: { name: string; options: Record<string, string>; row: Row }[] = [
  {
    name: "a negative quota means any number",
    options: { "DEFAULT.image_tag_quota": "-1", "DEFAULT.image_property_quota": "-1" },
    row: makes("200 tags and properties", {
      tags: Array.from({ length: 200 }, (_, i) => `t${i}`),
      ...Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`p${i}`, ""])),
    }),
  },
  {
    name: "0 means none",
    options: { "DEFAULT.image_tag_quota": "0" },
    row: refuses(413, "one tag", { tags: ["a"] }, "Attempted: 1, Maximum: 0"),
  },
  {
    name: "0 means none",
    options: { "DEFAULT.image_property_quota": "0" },
    row: refuses(413, "one property", { a: "b" }, "Attempted: 1, Maximum: 0"),
  },
  {
    name: "0 allows none",
    options: { "DEFAULT.image_property_quota": "0", "DEFAULT.image_tag_quota": "0" },
    row: makes("nothing", { tags: [] }),
  },
  {
    name: "locations are shown when they are enabled",
    options: { "DEFAULT.show_multiple_locations": "true", "DEFAULT.show_image_direct_url": "true" },
    row: makes("none yet", {}, { locations: [], direct_url: undefined }),
  },
  {
    name: "formats of the configuration",
    options: { "image_format.disk_formats": "floppy", "image_format.container_formats": "box" },
    row: makes("both", { disk_format: "floppy", container_format: "box" }),
  },
  {
    name: "formats of the configuration",
    options: { "image_format.disk_formats": "floppy" },
    row: refuses(400, "one that is not there", { disk_format: "raw" }),
  },
];

for (const { name, options, row } of QUOTAS) {
  Deno.test(`options of a new image: ${name}, ${row.name}`, async (t) => {
    await using service = await startService(options);
    await runTable(t, service, [row]);
  });
}
