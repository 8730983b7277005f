/** What goes wrong late in an import: stores that fail at the last, formats changed meanwhile, sources without an end. */
import assert from "node:assert/strict";
import { GlanceError } from "../../src/errors.ts";
import {
  FORMATS,
  importNow,
  nothingInProgress,
  outcome,
  postImport,
  serveSite,
  staged,
  threeStores,
} from "../support/imports.ts";
import { qcow2 } from "../support/format_headers.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";

const DIRECT = { method: { name: "glance-direct" } };
const ALL = { ...DIRECT, all_stores: true };

/** Makes a store fail when the data has arrived and is to become readable. */
function failCommit(service: TestService, id: string): void {
  const store = service.deps.stores.byId(id)!;
  const open = store.open.bind(store);
  store.open = async (...args) => {
    const handle = await open(...args);
    handle.commit = () => Promise.reject(new GlanceError("store_full", "No space for the last block."));
    return handle;
  };
}

Deno.test("a store that fails at the last counts like one that failed at once", async (t) => {
  await using service = await threeStores();
  failCommit(service, "b");
  await t.step("all must succeed: queued, that store is named", async () => {
    const id = await staged(service, "data");
    const { image, task } = await importNow(service, id, ALL);
    assert.deepEqual([image.status, image.size, image.os_glance_failed_import], ["queued", null, "b"]);
    assert.deepEqual(
      [task.status, task.message],
      ["failure", "Task failed due to Internal Error: No space for the last block."],
    );
    for (const store of ["a", "b", "c"]) assert.deepEqual(filesIn(`${service.dir}/${store}`), [], store);
    await nothingInProgress(service);
  });
  await t.step("not all must succeed: the others have it", async () => {
    const id = await staged(service, "data");
    const { image, task } = await importNow(service, id, { ...ALL, all_stores_must_succeed: false });
    assert.deepEqual([image.status, image.stores, image.os_glance_failed_import], ["active", "a,c", "b"]);
    assert.equal(image.os_glance_importing_to_stores, "");
    assert.equal(task.status, "success");
    assert.deepEqual(filesIn(`${service.dir}/b`), []);
    await nothingInProgress(service);
  });
  await t.step("not all must succeed, and it is the only one: queued", async () => {
    const id = await staged(service, "data");
    const request = { ...DIRECT, stores: ["b"], all_stores_must_succeed: false };
    const { image, task } = await importNow(service, id, request);
    assert.deepEqual([image.status, image.os_glance_failed_import, task.status], ["queued", "b", "failure"]);
    await nothingInProgress(service);
  });
  await t.step("a copy: the image keeps what it had", async () => {
    const { id } = await service.create(OWNER, FORMATS);
    await service.upload(id, OWNER, "data");
    const request = { method: { name: "copy-image" }, stores: ["b", "c"], all_stores_must_succeed: false };
    const { image, task } = await importNow(service, id, request, ADMIN);
    assert.deepEqual([image.status, image.stores, task.status], ["active", "a,c", "success"]);
    assert.equal(image.os_glance_failed_import, "b");
  });
});

/** Imports to a and b; the document is applied when a has the data and b has not. */
async function patchedMeanwhile(service: TestService, id: string, body: Record<string, string>) {
  const b = service.deps.stores.byId("b")!;
  const open = b.open.bind(b);
  const reached = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  b.open = async (...args) => {
    reached.resolve();
    await go.promise;
    b.open = open;
    return await open(...args);
  };
  assert.equal((await postImport(service, id, { ...DIRECT, stores: ["a", "b"] })).status, 202);
  await reached.promise;
  const document = Object.entries(body).map(([name, value]) => ({ op: "replace", path: `/${name}`, value }));
  const answer = await service.patch(id, OWNER, document);
  assert.equal(answer.status, 200, await answer.text());
  go.resolve();
  await service.deps.background.settled();
  return await outcome(service, id);
}

Deno.test("formats that are changed while the image is imported are those that the data is judged for", async (t) => {
  const backed = qcow2((_, fields) => fields.setBigUint64(8, 512n));
  const raw = new Uint8Array(1 << 20);
  const refused: [string, Uint8Array, Record<string, string>, Record<string, string>, RegExp][] = [
    [
      "a container that is not looked into, then bare",
      backed,
      { disk_format: "qcow2", container_format: "ovf" },
      { container_format: "bare" },
      /failed safety checks/,
    ],
    ["raw data, then qcow2", raw, {}, { disk_format: "qcow2" }, /does not match stream data raw/],
  ];
  for (const parallel of ["1", "3"]) {
    await using service = await threeStores({ "image_import_opts.max_parallel_stores": parallel });
    for (const [name, bytes, given, body, message] of refused) {
      await t.step(`${name}, ${parallel} stores at once: queued`, async () => {
        const id = await staged(service, bytes, given);
        const { image, task } = await patchedMeanwhile(service, id, body);
        assert.deepEqual([image.status, image.size, task.status], ["queued", null, "failure"]);
        assert.match(task.message, message);
        for (const store of ["a", "b"]) assert.deepEqual(filesIn(`${service.dir}/${store}`), [], store);
        await nothingInProgress(service);
      });
    }
    await t.step(`what the data passes for, ${parallel} stores at once: active`, async () => {
      const id = await staged(service, raw);
      const { image } = await patchedMeanwhile(service, id, { container_format: "ovf" });
      assert.deepEqual([image.status, image.container_format, image.stores], ["active", "ovf", "a,b"]);
    });
  }
});

Deno.test("a source that never ends is given up", async (t) => {
  await using service = await threeStores({ "oneglance.import_download_timeout": "1" });
  await using site = serveSite(() =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          controller.enqueue(new Uint8Array(10));
        },
      }),
    )
  );
  await t.step("web-download: queued, the reason in the task", async () => {
    const { id } = await service.create(OWNER, FORMATS);
    const { image, task } = await importNow(service, id, {
      method: { name: "web-download", uri: `${site.url}/` },
    });
    assert.deepEqual([image.status, image.size, task.status], ["queued", null, "failure"]);
    assert.match(task.message, /The source has not sent all of its data within 1 s\.$/);
    await nothingInProgress(service);
  });
});

Deno.test("a web server that falls silent holds no task", async (t) => {
  await using service = await startService({
    "DEFAULT.enabled_backends": "a:file,b:file,web:http",
    "DEFAULT.http_retries": "1",
    "glance_store.default_backend": "a",
    "a.filesystem_store_datadir": "{dir}/a",
    "b.filesystem_store_datadir": "{dir}/b",
    "oneglance.body_stall_timeout": "0.3",
  });
  const headers = { "content-length": "100000" };
  await using site = serveSite(({ method }) =>
    method === "HEAD" ? new Response(null, { headers }) : new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1000)) }),
      { headers },
    )
  );
  const url = `${site.url}/x`;
  await t.step("copy-image: the image keeps what it had", async () => {
    const { id } = await service.create(OWNER, FORMATS);
    const add = [{ url, metadata: { store: "web" } }];
    const locations = { from: ["queued" as const], activate: true, add, drop: [], metadata: [] };
    await service.deps.db.write.images.change({ id, columns: { size: 100000 }, locations });
    const { image, task } = await importNow(
      service,
      id,
      { method: { name: "copy-image" }, stores: ["b"] },
      ADMIN,
    );
    assert.deepEqual([image.status, image.stores, task.status], ["active", "web", "failure"]);
    assert.match(task.message, /127\.0\.0\.1:\d+ has sent nothing for 0\.3 s\.$/);
    assert.deepEqual(filesIn(`${service.dir}/b`), []);
  });
  await t.step("a location whose hash was to be computed: active without", async () => {
    const { id } = await service.create(OWNER, FORMATS);
    const answer = await service.ask(`/v2/images/${id}/locations`, OWNER, {
      method: "POST",
      body: { url, validation_data: {} },
    });
    assert.equal(answer.status, 202, await answer.text());
    await service.deps.background.settled();
    const { image, task } = await outcome(service, id);
    assert.deepEqual([image.status, image.os_hash_value, task.status], ["active", null, "success"]);
  });
  await nothingInProgress(service);
});
