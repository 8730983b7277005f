/** What POST /v2/images makes and answers: docs/reference/images-api.md §2.1, §3.1, §3.7, §3.9, §9.2. */
import assert from "node:assert/strict";
import { makes, refuses } from "../support/create_rows.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";

const ID = "1a2B3c4d-0000-4000-8000-00000000ABCD";
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
  {
    ...makes("names that differ in case", { Kind: "a", kind: "b" }),
    onMariadb: { status: 400, has: "'kind'", json: undefined },
  },
  makes("a name near a reserved one", { os_glanc: "a", locationx: "b", Deleted: "c" }),
  makes("Content-Type is not looked at", { name: "n" }),
  { ...makes("a Content-Type of something else", { name: "n" }), headers: { "content-type": "text/plain" } },
  { ...makes("X-Image-Meta-Store is ignored", {}), headers: { "x-image-meta-store": "nowhere" } },
];

Deno.test("images are made", async (t) => {
  await using service = await startService();
  await runTable(t, service, MADE);
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
  const record = await service.deps.db.read.images.show({
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
