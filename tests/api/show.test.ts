/** GET and HEAD of an image, who sees it, and what its body shows: docs/reference/images-api.md §2.0, §2.3, §3.1, §3.6, §9.2. */
import { MARIADB } from "../support/mariadb_database.ts";
import assert from "node:assert/strict";
import { active, all, inStatus, queued, sharedWith } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, SERVICE, startService, STRANGER, type Who } from "../support/service.ts";

const NO_ROLE: Who = { roles: "member_of_nothing", project: "p1" };
const shows = (name: string, given: Row["given"], who: Who, status: number, has: Row["has"] = ""): Row => ({
  name,
  given: given!,
  who,
  ask: "GET /v2/images/{id}",
  status,
  has,
});
const UNKNOWN = "No image found with ID {id}";
const GENERIC = "The resource could not be found.";
const as = (visibility: string) => queued({ visibility });
const published: Row["given"] = async (service) => ({
  id: (await service.create(ADMIN, { visibility: "public" })).id,
});
const ownerless = (visibility: string): Row["given"] => async (service) => ({
  id: (await service.create(ADMIN, { owner: null, visibility })).id,
});

const ROWS: Row[] = [
  shows("the owner", as("private"), OWNER, 200),
  shows("a reader of the project", as("private"), READER, 200),
  shows("an administrator", as("private"), ADMIN, 200),
  shows("the owner without a role that reads", as("private"), NO_ROLE, 404, GENERIC),
  shows("a stranger: private", as("private"), STRANGER, 404, UNKNOWN),
  shows("a stranger: shared without members", as("shared"), STRANGER, 404, UNKNOWN),
  shows("a stranger: community", as("community"), STRANGER, 200),
  shows("a stranger: public", published, STRANGER, 200),
  shows(
    "no owner: everybody has the row, policy hides a private one",
    ownerless("private"),
    STRANGER,
    404,
    GENERIC,
  ),
  shows("no owner: everybody sees a shared one", ownerless("shared"), STRANGER, 200),
  shows("a service without a role that reads", as("community"), SERVICE, 404, GENERIC),
  shows("an accepted member", sharedWith("accepted"), STRANGER, 200),
  shows("a pending member", sharedWith("pending"), STRANGER, 200),
  shows("a rejected member", sharedWith("rejected"), STRANGER, 200),
  shows("somebody else's membership", sharedWith("accepted", "p3"), STRANGER, 404, UNKNOWN),
  shows("a hidden image", queued({ os_hidden: true }), OWNER, 200),
  shows("a relic of version 1", inStatus("killed"), OWNER, 200, '"status":"killed"'),
  shows("waiting for the scrubber", inStatus("pending_delete"), ADMIN, 404, UNKNOWN),
  shows(
    "deleted, even for an administrator",
    async (service) => {
      const { id } = await service.create(OWNER);
      await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
      return { id };
    },
    ADMIN,
    404,
    UNKNOWN,
  ),
  { name: "an unknown id", ask: "GET /v2/images/none", status: 404, has: "No image found with ID none" },
  { name: "an empty id", ask: "GET /v2/images/", status: 404, has: GENERIC },
  { name: "a slash behind", given: queued(), ask: "GET /v2/images/{id}/", status: 404, has: GENERIC },
  { name: "an encoded slash", given: queued(), ask: "GET /v2/images/{id}%2Ffile/x", status: 404 },
  {
    name: "ids know upper and lower case",
    given: async (service) => {
      const lower = crypto.randomUUID();
      if (MARIADB === null) await service.create(OWNER, { id: lower, name: "lower" });
      await service.create(OWNER, { id: lower.toUpperCase(), name: "upper" });
      return { id: lower.toUpperCase() };
    },
    ask: "GET /v2/images/{id}",
    status: 200,
    json: { id: "{id}", name: "upper" },
  },
  {
    name: "ids know upper and lower case",
    given: queued({ id: "abcdef00-0000-4000-8000-000000000000" }),
    ask: "GET /v2/images/ABCDEF00-0000-4000-8000-000000000000",
    status: 404,
    onMariadb: { status: 200, json: { id: "abcdef00-0000-4000-8000-000000000000" } },
  },
  {
    name: "an id in escapes",
    given: queued({ id: "abcdef00-0000-4000-8000-000000000001" }),
    ask: "GET /v2/images/%61bcdef00-0000-4000-8000-000000000001",
    status: 200,
  },
  {
    name: "a body",
    given: queued(),
    ask: "GET /v2/images/{id}",
    headers: { "content-length": "3" },
    status: 400,
  },
  {
    name: "an empty body",
    given: queued(),
    ask: "GET /v2/images/{id}",
    headers: { "content-length": "0" },
    status: 200,
  },
  {
    name: "chunks are nothing on GET",
    given: queued(),
    ask: "GET /v2/images/{id}",
    headers: { "transfer-encoding": "chunked" },
    status: 200,
  },
  { name: "a query is nothing", given: queued(), ask: "GET /v2/images/{id}?limit=x&a=b", status: 200 },
  {
    name: "a body before the image is looked up",
    ask: "GET /v2/images/none",
    headers: { "content-length": "3" },
    status: 400,
  },
  {
    name: "HEAD is not known",
    given: queued(),
    ask: "HEAD /v2/images/{id}",
    status: 405,
    text: "",
    gives: { allow: "GET, PATCH, DELETE", "x-openstack-request-id": /^req-/ },
  },
  {
    name: "headers",
    given: active(),
    ask: "GET /v2/images/{id}",
    status: 200,
    gives: {
      "content-type": "application/json",
      "content-length": /^\d+$/,
      "x-openstack-request-id": /^req-/,
      etag: null,
      "last-modified": null,
      "cache-control": null,
      vary: null,
      "accept-ranges": null,
      "openstack-image-import-methods": null,
      location: null,
    },
  },
  {
    name: "characters outside ASCII are raw",
    given: queued({ name: "Ünïcode" }),
    ask: "GET /v2/images/{id}",
    status: 200,
    has: "Ünïcode",
  },
  {
    name: "a queued image has its empty fields",
    given: queued(),
    ask: "GET /v2/images/{id}",
    status: 200,
    json: {
      size: null,
      virtual_size: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
      tags: [],
    },
  },
  {
    name: "an active image",
    given: active(),
    ask: "GET /v2/images/{id}",
    status: 200,
    json: {
      status: "active",
      size: 10,
      virtual_size: 10,
      checksum: "781e5e245d69b566979b86e28d23f2c7",
      os_hash_algo: "sha512",
      locations: undefined,
      direct_url: undefined,
      stores: undefined,
    },
  },
  {
    name: "internals: some are shown, some are not",
    given: async (service) => {
      const { id } = await service.create(OWNER, { kind: "x" });
      await service.deps.db.write.images.change({
        id,
        columns: {},
        setProperties: {
          os_glance_import_task: "t",
          os_glance_importing_to_stores: "",
          os_glance_failed_import: "",
          os_glance_stage_host: "http://me",
          os_glance_hash_op_host: "http://me",
          old: null,
        },
        removeProperties: [],
      });
      return { id };
    },
    ask: "GET /v2/images/{id}",
    status: 200,
    json: {
      kind: "x",
      os_glance_import_task: "t",
      os_glance_importing_to_stores: "",
      os_glance_failed_import: "",
      os_glance_stage_host: undefined,
      os_glance_hash_op_host: undefined,
      old: "",
    },
  },
];

Deno.test("an image is shown", async (t) => {
  await using service = await startService();
  await runTable(t, service, ROWS);
});

const url = /^file:\/\//;
const STORES = {
  "DEFAULT.enabled_backends": "fast:file",
  "glance_store.default_backend": "fast",
  "fast.filesystem_store_datadir": "{dir}/fast",
};
const LOCATIONS: {
  name: string;
  options: Record<string, string>;
  who?: Who;
  given?: Row["given"];
  check: (image: Record<string, unknown>) => void;
}[] = [
  {
    name: "nothing when both options are off",
    options: {},
    check: (image) =>
      assert.deepEqual([image.locations, image.direct_url, image.stores], [undefined, undefined, undefined]),
  },
  {
    name: "locations",
    options: { "DEFAULT.show_multiple_locations": "true" },
    check(image) {
      const [location] = image.locations as { url: string }[];
      assert.deepEqual(Object.keys(location!), ["url", "metadata"]);
      assert.match(location!.url, url);
      assert.equal(image.direct_url, undefined);
    },
  },
  {
    name: "the direct URL",
    options: { "DEFAULT.show_image_direct_url": "true" },
    check(image) {
      assert.match(String(image.direct_url), url);
      assert.equal(image.locations, undefined);
    },
  },
  {
    name: "both, in their places",
    options: {
      "DEFAULT.show_image_direct_url": "true",
      "DEFAULT.show_multiple_locations": "true",
      ...STORES,
    },
    check(image) {
      assert.deepEqual(Object.keys(image).slice(-8), [
        "updated_at",
        "locations",
        "direct_url",
        "tags",
        "self",
        "file",
        "schema",
        "stores",
      ]);
      assert.equal(image.stores, "fast");
    },
  },
  {
    name: "another project sees them as well",
    options: { "DEFAULT.show_multiple_locations": "true" },
    who: STRANGER,
    given: active({ visibility: "community" }),
    check: (image) => assert.equal((image.locations as unknown[]).length, 1),
  },
  {
    name: "nobody but an administrator sees them of a deactivated image",
    options: {
      "DEFAULT.show_image_direct_url": "true",
      "DEFAULT.show_multiple_locations": "true",
      ...STORES,
    },
    given: deactivated(),
    check: (image) =>
      assert.deepEqual([image.locations, image.direct_url, image.stores], [[], undefined, undefined]),
  },
  {
    name: "an administrator sees them of a deactivated image",
    options: {
      "DEFAULT.show_image_direct_url": "true",
      "DEFAULT.show_multiple_locations": "true",
      ...STORES,
    },
    who: ADMIN,
    given: deactivated(),
    check(image) {
      assert.equal((image.locations as unknown[]).length, 1);
      assert.equal(image.stores, "fast");
      assert.match(String(image.direct_url), url);
    },
  },
];

function deactivated(): Row["given"] {
  return all(async (service) => {
    const { id } = (await active()(service)) as { id: string };
    await service.ask(`/v2/images/${id}/actions/deactivate`, OWNER, { method: "POST" });
    return { id };
  });
}

for (const { name, options, who, given, check } of LOCATIONS) {
  Deno.test(`where the data lies: ${name}`, async (t) => {
    await using service = await startService(options);
    await runTable(t, service, [{
      name,
      ...(who ? { who } : {}),
      given: given ?? active(),
      ask: "GET /v2/images/{id}",
      status: 200,
      then: (_service, _given, body) => check(JSON.parse(body)),
    }]);
  });
}
