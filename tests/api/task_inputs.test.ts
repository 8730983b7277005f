/** What tasks say of inputs that are wrong, or name an image that they cannot have (docs/reference/tasks-api.md §5). */
import assert from "node:assert/strict";
import { serveSite, threeStores } from "../support/imports.ts";
import { until } from "../support/served.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const WEB = { name: "web-download", uri: "http://127.0.0.1/nothing" };
/** The input of an import, but for `fields`. */
const wrong = (fields: Record<string, unknown>) => ({
  image_id: UNKNOWN,
  import_req: { method: WEB },
  backend: ["a"],
  ...fields,
});

Deno.test("wrong inputs show in the task", async (t) => {
  await using service = await startService();
  const rows: [string, unknown, RegExp][] = [
    ["import", { import_from: WEB.uri }, /does not contain 'import_from_format' field/],
    ["api_image_import", {}, /Input of api_image_import is empty/],
    ["api_image_import", { image_id: UNKNOWN }, /'import_req'/],
    ["location_import", {}, /Input of location_import is empty/],
    ["location_import", { image_id: UNKNOWN, loc_url: "http://x/" }, /'validation_data'/],
    [
      "api_image_import",
      {
        image_id: UNKNOWN,
        backend: ["a"],
        import_req: { method: { name: "web-download" }, expected_hash: { algorithm: "crc32", value: "0" } },
      },
      /: expected_hash: unknown hash algorithm 'crc32'$/,
    ],
    [
      "location_import",
      {
        image_id: UNKNOWN,
        loc_url: "http://x/",
        validation_data: { os_hash_algo: "crc32", os_hash_value: "0" },
      },
      /: os_hash_algo: unknown hash algorithm 'crc32'$/,
    ],
    [
      "location_import",
      { image_id: UNKNOWN, loc_url: "http://x/", validation_data: { os_hash_algo: "md5" } },
      /: Input field 'validation_data' has no os_hash_value$/,
    ],
    [
      "location_import",
      { image_id: UNKNOWN, loc_url: ["x"], validation_data: {} },
      /'loc_url' must be text$/,
    ],
    ["api_image_import", wrong({ import_req: "x" }), /does not name a known import method/],
    [
      "api_image_import",
      wrong({ import_req: { method: { name: 7 } } }),
      /does not name a known import method/,
    ],
    ["api_image_import", wrong({ backend: "a" }), /Input names no stores/],
    ["api_image_import", wrong({ backend: [{}] }), /'backend' must be text$/],
    [
      "api_image_import",
      wrong({ import_req: { method: WEB, all_stores_must_succeed: "no" } }),
      /'all_stores_must_succeed' must be true or false$/,
    ],
    [
      "api_image_import",
      wrong({ import_req: { method: WEB, expected_hash: "x" } }),
      /'expected_hash' must have an algorithm and a value$/,
    ],
  ];
  for (const [type, input, message] of rows) {
    await t.step(`${type} ${message}`, async () => {
      const response = await service.ask("/v2/tasks", ADMIN, { method: "POST", body: { type, input } });
      const { id } = await response.json();
      await service.deps.background.settled();
      const task = await (await service.ask(`/v2/tasks/${id}`, ADMIN)).json();
      assert.equal(task.status, "failure");
      assert.match(task.message, message);
    });
  }
  assert.deepEqual(await service.deps.db.read.tasks.leases({}), []);
});

Deno.test("a task for an image that it cannot have fails, and touches nothing of it", async (t) => {
  const held = Promise.withResolvers<void>();
  await using site = serveSite(async () => {
    await held.promise;
    return new Response("data");
  });
  await using service = await threeStores();
  const locked = (await service.create(OWNER, { disk_format: "raw", container_format: "bare" })).id;
  const method = { name: "web-download", uri: `${site.url}/x` };
  const started = await service.ask(`/v2/images/${locked}/import`, OWNER, {
    method: "POST",
    body: { method },
  });
  assert.equal(started.status, 202);
  await Deno.writeTextFile(`${service.dir}/outside`, "x");
  const rows = [
    [locked, "Image has active task"],
    [UNKNOWN, "No image found"],
    ["../outside", "No image found"],
    [["x"], "No image found"],
  ] as const;
  const made: string[] = [];
  for (const [image_id, message] of rows) {
    await t.step(String(image_id), async () => {
      const input = { image_id, import_req: { method }, backend: ["a"] };
      const body = { type: "api_image_import", input };
      const { id } = await (await service.ask("/v2/tasks", ADMIN, { method: "POST", body })).json();
      made.push(id);
      const show = async () => await (await service.ask(`/v2/tasks/${id}`, ADMIN)).json();
      await until("the task ends", async () => (await show()).status === "failure", 5);
      assert.match((await show()).message, new RegExp(message));
    });
  }
  assert.equal(await Deno.readTextFile(`${service.dir}/outside`), "x");
  const { image_id } = await (await service.ask(`/v2/tasks/${made[0]}`, ADMIN)).json();
  assert.equal(image_id, locked);
  held.resolve();
  await service.deps.background.settled();
  assert.equal((await (await service.ask(`/v2/images/${locked}`, OWNER)).json()).status, "active");
  assert.deepEqual(await service.deps.db.read.tasks.leases({}), []);
});
