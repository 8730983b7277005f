/** What POST import and PUT stage answer at once, by tables (docs/reference/images-api.md §2.7, §2.8.2, §9.4). */
import assert from "node:assert/strict";
import { FORMATS, stage, staged, threeStores } from "../support/imports.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER, type TestService } from "../support/service.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

const queued = async (service: TestService): Promise<Given> => ({
  id: (await service.create(OWNER, FORMATS)).id,
});
const bare = async (service: TestService): Promise<Given> => ({ id: (await service.create(OWNER)).id });
const uploading = async (service: TestService): Promise<Given> => ({ id: await staged(service, "data") });
const active = async (service: TestService): Promise<Given> => {
  const { id } = await service.create(OWNER, { ...FORMATS, visibility: "community" });
  await service.upload(id, OWNER, "data");
  return { id };
};
const bareStaged = async (service: TestService): Promise<Given> => {
  const { id } = await service.create(OWNER);
  await stage(service, id, "data");
  return { id };
};

const direct = { method: { name: "glance-direct" } };
const web = (uri?: unknown) => ({ method: { name: "web-download", ...(uri === undefined ? {} : { uri }) } });
const copy = { method: { name: "copy-image" } };

function row(
  name: string,
  given: Row["given"],
  body: unknown,
  status: number,
  more: Partial<Row> = {},
): Row {
  // What was accepted must not go on while the next row compares.
  const then = status === 202 ? (service: TestService) => service.deps.background.settled() : undefined;
  return {
    name,
    ...(given ? { given } : {}),
    ask: "POST /v2/images/{id}/import",
    body,
    status,
    ...(then ? { then } : {}),
    ...more,
  };
}

const web400 = (uri: unknown) =>
  row(`web-download of ${uri}`, queued, web(uri), 400, { has: "does not pass filtering" });

const REQUESTS: Row[] = [
  row("202, empty body", uploading, direct, 202, { text: "", gives: { "content-length": "0" } }),
  row("unknown members are ignored", uploading, { ...direct, colour: "blue" }, 202),
  row("unknown method", queued, { method: { name: "magic" } }, 400),
  row("disabled method", queued, { method: { name: "glance-download" } }, 400),
  row("no method", queued, {}, 400),
  row("method no object", queued, { method: "glance-direct" }, 400),
  row("method without a name", queued, { method: {} }, 400),
  row("all_stores no boolean", queued, { ...direct, all_stores: "yes" }, 400),
  row("must succeed no boolean", queued, { ...direct, all_stores_must_succeed: 1 }, 400),
  row("stores a text", queued, { ...direct, stores: "abc" }, 400),
  row("no image", async () => ({ id: await Promise.resolve(UNKNOWN) }), direct, 404),
  row("a stranger", uploading, direct, 404, { who: STRANGER }),
  row("a reader", uploading, direct, 403, { who: READER }),
  row("glance-direct on queued", queued, direct, 409),
  row("web-download on uploading", uploading, web("http://127.0.0.1/"), 409),
  row("glance-direct on active", active, direct, 409),
  row("web-download on active", active, web("http://127.0.0.1/"), 409),
  row("copy-image on queued", queued, { ...copy, stores: ["b"] }, 409, { who: ADMIN }),
  row("no formats", bareStaged, direct, 409, { has: "container_format" }),
  row("no formats, queued", bare, web("http://127.0.0.1/"), 409),
  row("copy-image by the owner", active, { ...copy, stores: ["b"] }, 403),
  row("copy-image by others", active, { ...copy, stores: ["b"] }, 403, { who: STRANGER }),
  row("copy-image to a store that has it", active, { ...copy, stores: ["a"] }, 400, { who: ADMIN }),
  row("stores and header", uploading, { ...direct, stores: ["b"] }, 400, {
    headers: { "x-image-meta-store": "b" },
  }),
  row("stores and all_stores", uploading, { ...direct, stores: ["b"], all_stores: true }, 400),
  row("all_stores and header", uploading, { ...direct, all_stores: true }, 400, {
    headers: { "x-image-meta-store": "b" },
  }),
  row("stores empty", uploading, { ...direct, stores: [] }, 400),
  row("unknown store", uploading, { ...direct, stores: ["zz"] }, 409, {
    has: "Store for identifier zz not found",
  }),
  row("reserved store", uploading, { ...direct, stores: ["os_glance_staging_store"] }, 409),
  row("unknown store in the header", uploading, direct, 409, { headers: { "x-image-meta-store": "zz" } }),
  ...[
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "file:///etc/passwd",
    "",
    null,
  ]
    .map(web400),
  web400("ftp://127.0.0.1/x"),
  row("web-download without a URI", queued, web(), 400, { has: "does not pass filtering" }),
  row("expected hash, unknown algorithm", uploading, {
    ...direct,
    expected_hash: { algorithm: "crc", value: "00" },
  }, 400),
  row("expected hash, wrong length", uploading, {
    ...direct,
    expected_hash: { algorithm: "md5", value: "00" },
  }, 400),
];

Deno.test("import requests in multi-store mode", async (t) => {
  await using service = await threeStores();
  await runTable(t, service, REQUESTS);
});

Deno.test("import requests in single-store mode", async (t) => {
  await using service = await startService({
    "DEFAULT.enabled_import_methods": "[glance-direct,glance-download,copy-image]",
  });
  const remote = (more: Record<string, unknown>) => ({ method: { name: "glance-download", ...more } });
  await runTable(t, service, [
    row("all_stores and stores are ignored", uploading, { ...direct, all_stores: true, stores: ["x"] }, 202),
    row("must succeed false", uploading, { ...direct, all_stores_must_succeed: false }, 400),
    row("copy-image", active, copy, 400, { who: ADMIN }),
    row("no region", queued, remote({ glance_image_id: UNKNOWN }), 400),
    row("no UUID", queued, remote({ glance_region: "r", glance_image_id: "x" }), 400, {
      has: "image id does not look like a UUID",
    }),
    row(
      "unknown region: the task fails",
      queued,
      remote({ glance_region: "r", glance_image_id: UNKNOWN }),
      202,
      {
        then: async (service, given) => {
          await service.deps.background.settled();
          const image = await (await service.ask(`/v2/images/${given.id}`, OWNER)).json();
          assert.deepEqual([image.status, image.disk_format], ["queued", "raw"]);
          assert.equal(image.os_glance_importing_to_stores, "");
          const { tasks } = await (await service.ask(`/v2/images/${given.id}/tasks`, OWNER)).json();
          assert.equal(tasks[0].status, "failure");
          assert.equal(tasks[0].input.import_req.method.glance_service_interface, "public");
        },
      },
    ),
  ]);
});

const OCTETS = { "content-type": "application/octet-stream" };
const put = (name: string, given: Row["given"], status: number, more: Partial<Row> = {}): Row => ({
  name,
  ...(given ? { given } : {}),
  ask: "PUT /v2/images/{id}/stage",
  headers: OCTETS,
  body: "0123456789",
  status,
  ...more,
});
const isQueued = async (service: TestService, { id }: Given) => {
  const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  assert.deepEqual([image.status, image.size], ["queued", null]);
  assert.deepEqual([...Deno.readDirSync(`${service.dir}/staging`)], []);
};

Deno.test("stage", async (t) => {
  await using service = await startService({ "DEFAULT.image_size_cap": "100" });
  await runTable(t, service, [
    put("the declared size", bare, 204, { headers: { ...OCTETS, "x-openstack-image-size": "10" } }),
    put("no formats needed", bare, 204, {
      then: async (service, { id }) => {
        const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
        assert.deepEqual([image.status, image.size, image.checksum, image.virtual_size], [
          "uploading",
          10,
          null,
          null,
        ]);
      },
    }),
    put("twice", uploading, 409, { has: "transition from uploading to uploading is not allowed" }),
    put("unknown image", () => Promise.resolve({ id: UNKNOWN }), 404),
    put("a stranger", bare, 404, { who: STRANGER }),
    put("a reader", bare, 403, { who: READER }),
    put("content type", bare, 415, { headers: { "content-type": "application/json" } }),
    put("size no number", bare, 400, { headers: { ...OCTETS, "x-openstack-image-size": "x" } }),
  ]);
});

Deno.test("a stage that fails leaves the image queued", async () => {
  await using service = await startService({ "DEFAULT.image_size_cap": "100" });
  const cases: [number, Record<string, string>, string][] = [
    [400, { "x-openstack-image-size": "11" }, "0123456789"],
    [400, { "x-openstack-image-size": "9" }, "0123456789"],
    [413, {}, "x".repeat(101)],
  ];
  for (const [status, headers, body] of cases) {
    const given = await bare(service);
    const response = await service.ask(`/v2/images/${given.id}/stage`, OWNER, {
      method: "PUT",
      headers: { ...OCTETS, ...headers },
      body,
    });
    assert.equal(response.status, status, await response.text());
    await isQueued(service, given);
    await stage(service, given.id!, "again");
    await service.ask(`/v2/images/${given.id}`, OWNER, { method: "DELETE" });
  }
});

Deno.test("staging where glance-direct is off", async (t) => {
  await using service = await startService({ "DEFAULT.enabled_import_methods": "[web-download]" });
  await runTable(t, service, [put("checked first", () => Promise.resolve({ id: UNKNOWN }), 404)]);
});

Deno.test("of two stages that race one is refused, the other is undisturbed", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER);
  const one = () =>
    service.ask(`/v2/images/${id}/stage`, OWNER, { method: "PUT", headers: OCTETS, body: "0123456789" });
  const statuses = (await Promise.all([one(), one(), one()])).map(({ status }) => status).sort();
  assert.deepEqual(statuses, [204, 409, 409]);
  assert.equal((await (await service.ask(`/v2/images/${id}`, OWNER)).json()).status, "uploading");
});
