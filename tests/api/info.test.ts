/** /v2/info/import, /stores and /stores/detail: docs/reference/images-api.md §2.14, §9.10. Usage is with the quotas. */
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, SERVICE, startService, type Who } from "../support/service.ts";

const NO_ROLE: Who = { roles: "nothing", project: "p9" };

const methods = (value: string[]): Row => ({
  name: "import methods",
  who: NO_ROLE,
  ask: "GET /v2/info/import",
  status: 200,
  text: JSON.stringify({
    "import-methods": { description: "Import methods available.", type: "array", value },
  }),
});

const IMPORT: [option: string | null, value: string[]][] = [
  [null, ["glance-direct", "web-download", "copy-image"]],
  ["[]", []],
  ["[web-download,glance-direct]", ["web-download", "glance-direct"]],
];

for (const [option, value] of IMPORT) {
  Deno.test(`import methods: ${option ?? "as it comes"}`, async (t) => {
    await using service = await startService(
      option === null ? {} : { "DEFAULT.enabled_import_methods": option },
    );
    await runTable(t, service, [
      methods(value),
      { name: "nobody", who: null, ask: "GET /v2/info/import", status: 401 },
      { name: "a body", ask: "GET /v2/info/import", headers: { "content-length": "2" }, status: 400 },
    ]);
  });
}

Deno.test("stores in single-store mode", async (t) => {
  await using service = await startService();
  await runTable(t, service, [
    { name: "for anybody", ask: "GET /v2/info/stores", status: 404 },
    { name: "in detail", who: ADMIN, ask: "GET /v2/info/stores/detail", status: 404 },
    { name: "in detail, before policy", who: READER, ask: "GET /v2/info/stores/detail", status: 404 },
  ]);
});

Deno.test("stores in multi-store mode", async (t) => {
  await using service = await startService({
    "DEFAULT.enabled_backends": "slow:file,web:http,fast:file",
    "glance_store.default_backend": "fast",
    "slow.filesystem_store_datadir": "{dir}/slow",
    "slow.store_description": "on discs",
    "slow.weight": "-5",
    "fast.filesystem_store_datadir": "{dir}/fast",
    "fast.store_description": "",
    "fast.filesystem_store_chunk_size": "4096",
    "fast.filesystem_thin_provisioning": "true",
    "fast.weight": "100",
  });
  const file = (name: string, chunk_size: number, thin_provisioning: boolean) => ({
    data_dir: `${service.dir}/${name}`,
    chunk_size,
    thin_provisioning,
  });
  const slow = { id: "slow", description: "on discs" };
  const web = { id: "web", "read-only": "true" };
  const fast = { id: "fast", default: "true" };
  const detail: Row = {
    name: "in detail",
    ask: "GET /v2/info/stores/detail",
    status: 200,
    text: JSON.stringify({
      stores: [
        { ...slow, type: "file", properties: file("slow", 65536, false), weight: -5 },
        { ...web, type: "http", properties: {}, weight: 0 },
        { ...fast, type: "file", properties: file("fast", 4096, true), weight: 100 },
      ],
    }),
  };
  await runTable(t, service, [
    {
      name: "in the order of the configuration; texts, not booleans",
      who: NO_ROLE,
      ask: "GET /v2/info/stores",
      status: 200,
      text: JSON.stringify({ stores: [slow, web, fast] }),
    },
    { name: "a body", ask: "GET /v2/info/stores", headers: { "content-length": "2" }, status: 400 },
    { name: "nobody", who: null, ask: "GET /v2/info/stores", status: 401 },
    { ...detail, who: ADMIN },
    { ...detail, name: "in detail, for a service", who: SERVICE },
    {
      name: "in detail, for others",
      who: OWNER,
      ask: "GET /v2/info/stores/detail",
      status: 403,
      has: "stores_info_detail",
    },
  ]);
});
