/** Imports from the request to the end: each method, several stores, and failures (docs/reference/images-api.md §2.8.3). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  breakStore,
  FORMATS,
  importNow,
  nothingInProgress,
  outcome,
  postImport,
  serveSite,
  staged,
  threeStores,
} from "../support/imports.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";

const DATA = "some image data, not any format that is known".repeat(1000);
const SHA512 = createHash("sha512").update(DATA).digest("hex");
const INTERNAL = /^Task failed due to Internal Error/;

const download = async (service: TestService, id: string) =>
  await (await service.ask(`/v2/images/${id}/file`, OWNER)).text();

Deno.test("glance-direct into the single store", async () => {
  await using service = await startService();
  const id = await staged(service, DATA);
  const { image, task } = await importNow(service, id, { method: { name: "glance-direct" } });
  assert.equal(image.status, "active");
  assert.deepEqual([image.size, image.os_hash_value], [DATA.length, SHA512]);
  assert.equal(image.virtual_size, DATA.length);
  assert.equal(image.os_glance_importing_to_stores, "");
  assert.equal(image.os_glance_failed_import, "");
  assert.ok(!("os_glance_import_task" in image));
  assert.equal(task.status, "success");
  assert.equal(task.message, "Copied 0 MiB");
  assert.deepEqual(task.result, { image_id: id });
  assert.deepEqual(task.input, {
    image_id: id,
    import_req: { method: { name: "glance-direct" } },
    backend: [null],
  });
  assert.equal(await download(service, id), DATA);
  await nothingInProgress(service);
});

Deno.test("one staged file goes to all stores", async () => {
  await using service = await threeStores();
  const id = await staged(service, DATA);
  const { image, task } = await importNow(service, id, {
    method: { name: "glance-direct" },
    all_stores: true,
  });
  assert.equal(image.status, "active");
  assert.equal(image.stores, "a,b,c");
  assert.equal(task.status, "success");
  for (const store of ["a", "b", "c"]) {
    assert.equal(await Deno.readTextFile(`${service.dir}/${store}/${id}`), DATA);
  }
  await nothingInProgress(service);
});

for (const parallel of ["1", "3"]) {
  Deno.test(`a store that fails, by max_parallel_stores = ${parallel}`, async (t) => {
    await using service = await threeStores({ "image_import_opts.max_parallel_stores": parallel });
    await breakStore(service, "b");
    await t.step("all must succeed: queued, nothing anywhere, staging empty", async () => {
      const id = await staged(service, DATA);
      const { image, task } = await importNow(service, id, {
        method: { name: "glance-direct" },
        stores: ["a", "b", "c"],
      });
      assert.deepEqual([image.status, image.size, image.checksum], ["queued", null, null]);
      // Written one after the other they fail so; together they fail together.
      assert.equal(image.os_glance_failed_import, parallel === "1" ? "b" : "a,b,c");
      assert.equal(image.os_glance_importing_to_stores, "");
      assert.ok(!("stores" in image));
      assert.equal(task.status, "failure");
      assert.match(task.message, INTERNAL);
      assert.deepEqual([filesIn(`${service.dir}/a`), filesIn(`${service.dir}/c`)], [[], []]);
      await nothingInProgress(service);
    });
    await t.step("not all must succeed: active in the others", async () => {
      const id = await staged(service, DATA);
      const { image, task } = await importNow(service, id, {
        method: { name: "glance-direct" },
        all_stores: true,
        all_stores_must_succeed: false,
      });
      assert.deepEqual([image.status, image.stores], ["active", "a,c"]);
      assert.equal(image.os_glance_failed_import, "b");
      assert.equal(image.os_glance_importing_to_stores, "");
      assert.equal(task.status, "success");
      assert.equal(await download(service, id), DATA);
      await nothingInProgress(service);
    });
    await t.step("none succeeds: queued", async () => {
      const id = await staged(service, DATA);
      const { image, task } = await importNow(service, id, {
        method: { name: "glance-direct" },
        stores: ["b"],
        all_stores_must_succeed: false,
      });
      assert.deepEqual([image.status, image.size, task.status], ["queued", null, "failure"]);
      assert.equal(image.os_glance_failed_import, "b");
      await nothingInProgress(service);
    });
  });
}

Deno.test("copy-image to the other stores, and what fails there", async (t) => {
  await using service = await threeStores();
  const { id } = await service.create(OWNER, FORMATS);
  await service.upload(id, OWNER, DATA);
  await t.step("into b: active all the time", async () => {
    const { image, task } = await importNow(service, id, {
      method: { name: "copy-image" },
      stores: ["b"],
    }, ADMIN);
    assert.deepEqual([image.status, image.stores, task.status], ["active", "a,b", "success"]);
    assert.equal(await Deno.readTextFile(`${service.dir}/b/${id}`), DATA);
  });
  await t.step("from b when the copy in a is gone", async () => {
    await Deno.remove(`${service.dir}/a/${id}`);
    const { image } = await importNow(
      service,
      id,
      { method: { name: "copy-image" }, all_stores: true },
      ADMIN,
    );
    assert.equal(image.stores, "a,b,c");
    assert.equal(await Deno.readTextFile(`${service.dir}/c/${id}`), DATA);
  });
  await t.step("all stores and nothing left: 202 without a task", async () => {
    const before = (await outcome(service, id, ADMIN)).task.id;
    await importNow(service, id, { method: { name: "copy-image" }, all_stores: true }, ADMIN);
    assert.equal((await outcome(service, id, ADMIN)).task.id, before);
  });
  await t.step("into a store that fails: the image keeps what it had", async () => {
    const other = await service.create(OWNER, FORMATS);
    await service.upload(other.id, OWNER, DATA);
    await breakStore(service, "c");
    const { image, task } = await importNow(service, other.id, {
      method: { name: "copy-image" },
      stores: ["b", "c"],
    }, ADMIN);
    assert.deepEqual([image.status, image.stores, task.status], ["active", "a", "failure"]);
    assert.deepEqual([image.size, image.os_hash_value], [DATA.length, SHA512]);
    assert.equal(image.os_glance_failed_import, "c");
    assert.ok(!filesIn(`${service.dir}/b`).includes(other.id));
    const retry = await importNow(service, other.id, {
      method: { name: "copy-image" },
      stores: ["b", "c"],
      all_stores_must_succeed: false,
    }, ADMIN);
    assert.deepEqual([retry.image.stores, retry.task.status], ["a,b", "success"]);
    assert.equal(retry.image.os_glance_failed_import, "c");
  });
  await nothingInProgress(service);
});

Deno.test("web-download", async (t) => {
  await using site = serveSite((request) => {
    const path = new URL(request.url).pathname;
    if (path === "/data") return new Response(DATA);
    if (path === "/moved") return new Response(null, { status: 302, headers: { location: "/data" } });
    if (path === "/away") {
      return new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } });
    }
    if (path === "/broken") {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(DATA)),
        pull: (controller) => controller.error(new Error("the disk of the source is gone")),
      });
      return new Response(body);
    }
    return new Response("no", { status: 404 });
  });
  await using service = await threeStores();
  const run = async (path: string, more = {}, disk_format = "raw") => {
    const { id } = await service.create(OWNER, { ...FORMATS, disk_format });
    return await importNow(service, id, { method: { name: "web-download", uri: site.url + path }, ...more });
  };
  for (const path of ["/data", "/moved"]) {
    await t.step(path, async () => {
      const { image, task } = await run(path, { stores: ["c", "a"] });
      assert.deepEqual([image.status, task.status], ["active", "success"]);
      assert.equal(await download(service, image.id), DATA);
    });
  }
  const failing: [path: string, format: string, reason: RegExp][] = [
    ["/away", "raw", /Redirect to disallowed URL: http:\/\/169\.254\.169\.254\/$/],
    ["/nothing", "raw", /has no such data/],
    ["/broken", "raw", /The source ended early: the connection was cut/],
    ["/data", "qcow2", /disk_format/],
  ];
  for (const [path, format, reason] of failing) {
    await t.step(`${path} as ${format}: queued again`, async () => {
      const { image, task } = await run(path, { stores: ["a", "b"] }, format);
      assert.deepEqual([image.status, image.size, task.status], ["queued", null, "failure"]);
      assert.match(task.message, INTERNAL);
      assert.match(task.message, reason);
      assert.equal(image.os_glance_failed_import, "a,b");
      assert.equal(image.os_glance_importing_to_stores, "");
    });
  }
  await t.step("the expected hash", async () => {
    const value = createHash("sha256").update(DATA).digest("hex").toUpperCase();
    const { image } = await run("/data", { expected_hash: { algorithm: "sha256", value } });
    assert.deepEqual([image.status, image.os_hash_value], ["active", SHA512]);
  });
  await t.step("another hash than expected: queued, nothing kept", async () => {
    const value = "0".repeat(64);
    const { image, task } = await run("/data", { expected_hash: { algorithm: "sha256", value } });
    assert.deepEqual([image.status, task.status], ["queued", "failure"]);
    assert.match(task.message, /has the sha256 hash .*, expected was 0000/);
    assert.ok(!filesIn(`${service.dir}/a`).includes(image.id));
  });
  await nothingInProgress(service);
});

Deno.test("the expected hash of staged data", async () => {
  await using service = await startService();
  const wrong = await staged(service, DATA);
  const bad = await importNow(service, wrong, {
    method: { name: "glance-direct" },
    expected_hash: { algorithm: "md5", value: "0".repeat(32) },
  });
  assert.deepEqual([bad.image.status, bad.task.status], ["queued", "failure"]);
  const right = await staged(service, DATA);
  const good = await importNow(service, right, {
    method: { name: "glance-direct" },
    expected_hash: { algorithm: "sha512", value: SHA512 },
  });
  assert.equal(good.image.status, "active");
  await nothingInProgress(service);
});

Deno.test("an import of an image that is deleted meanwhile leaves nothing", async () => {
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using site = serveSite(() => {
    asked.resolve();
    return new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode(DATA));
          await held.promise;
          controller.close();
        },
      }),
    );
  });
  await using service = await threeStores();
  const { id } = await service.create(OWNER, FORMATS);
  assert.equal(
    (await postImport(service, id, { method: { name: "web-download", uri: `${site.url}/x` } })).status,
    202,
  );
  await asked.promise;
  assert.equal((await outcome(service, id)).image.status, "importing");
  const second = await postImport(service, id, { method: { name: "web-download", uri: `${site.url}/x` } });
  assert.equal(second.status, 409);
  assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
  held.resolve();
  await service.deps.background.settled();
  for (const store of ["a", "b", "c"]) assert.deepEqual(filesIn(`${service.dir}/${store}`), []);
  await nothingInProgress(service);
});
