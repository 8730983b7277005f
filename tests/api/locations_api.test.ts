import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  ADMIN,
  OWNER,
  READER,
  SERVICE,
  startService,
  STRANGER,
  type TestService,
  type Who,
} from "../support/service.ts";

const DATA = "the data at the other end";
const sha256 = createHash("sha256").update(DATA).digest("hex");
const sha512 = createHash("sha512").update(DATA).digest("hex");
const md5 = createHash("md5").update(DATA).digest("hex");

/** A web server with one file at /image, and a service with http stores. */
async function start(options: Record<string, string> = {}) {
  const web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) =>
      new URL(request.url).pathname === "/image"
        ? new Response(request.method === "HEAD" ? null : DATA, {
          headers: { "content-length": String(DATA.length) },
        })
        : new Response("none", { status: 404 }),
  );
  const service = await startService({ "glance_store.stores": "file,http", ...options });
  return {
    service,
    url: `http://127.0.0.1:${web.addr.port}/image`,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await web.shutdown();
    },
  };
}

const FORMATS = { disk_format: "raw", container_format: "bare" };

async function post(service: TestService, id: string, who: Who, body: unknown): Promise<Response> {
  return await service.ask(`/v2/images/${id}/locations`, who, { method: "POST", body });
}

async function show(service: TestService, id: string) {
  return await (await service.ask(`/v2/images/${id}`, ADMIN)).json();
}

async function onlyTask(service: TestService, id: string) {
  await service.deps.background.settled();
  const { tasks } = await (await service.ask(`/v2/images/${id}/tasks`, OWNER)).json();
  assert.equal(tasks.length, 1);
  return tasks[0];
}

Deno.test("a location with its hash: verified, then active", async () => {
  await using started = await start();
  const { service, url } = started;
  const { id } = await service.create(OWNER, FORMATS);
  const validation_data = { os_hash_algo: "sha256", os_hash_value: sha256 };
  assert.equal((await post(service, id, OWNER, { url, validation_data })).status, 202);
  const task = await onlyTask(service, id);
  assert.equal(task.status, "success");
  assert.equal(task.type, "location_import");
  assert.deepEqual(task.result, { image_id: id });
  assert.match(task.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  const image = await show(service, id);
  assert.equal(image.status, "active");
  assert.equal(image.size, DATA.length);
  assert.equal(image.checksum, md5);
  assert.equal(image.os_hash_value, sha256);
  assert.equal(image.os_glance_import_task, undefined);
  const locations = await (await service.ask(`/v2/images/${id}/locations`, ADMIN)).json();
  assert.deepEqual(locations, [{ url, metadata: {} }]);
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), DATA);
});

Deno.test("a location with another hash: the task fails, the image is queued", async () => {
  await using started = await start();
  const { service, url } = started;
  const { id } = await service.create(OWNER, FORMATS);
  const validation_data = { os_hash_algo: "sha512", os_hash_value: "0".repeat(128) };
  assert.equal((await post(service, id, OWNER, { url, validation_data })).status, 202);
  const task = await onlyTask(service, id);
  assert.equal(task.status, "failure");
  assert.equal(task.message, "Task failed due to Internal Error: The data has another hash than was given.");
  const image = await show(service, id);
  assert.equal(image.status, "queued");
  assert.equal(image.size, null);
  assert.equal(image.os_hash_algo, null);
  const locations = await (await service.ask(`/v2/images/${id}/locations`, ADMIN)).json();
  assert.equal(locations.length, 1, "an http location stays");
});

Deno.test("without a hash: active at once, the hash follows", async () => {
  await using started = await start();
  const { service, url } = started;
  const { id } = await service.create(OWNER, FORMATS);
  assert.equal((await post(service, id, OWNER, { url, validation_data: {} })).status, 202);
  assert.equal((await onlyTask(service, id)).status, "success");
  const image = await show(service, id);
  assert.equal(image.os_hash_algo, "sha512");
  assert.equal(image.os_hash_value, sha512);
  assert.equal(image.checksum, md5);
});

Deno.test("without secure hashing: what is given is stored unverified", async () => {
  await using started = await start({ "DEFAULT.do_secure_hash": "false" });
  const { service, url } = started;
  const { id } = await service.create(OWNER, FORMATS);
  const validation_data = { os_hash_algo: "sha512", os_hash_value: "a".repeat(128) };
  assert.equal((await post(service, id, OWNER, { url, validation_data })).status, 202);
  assert.equal((await onlyTask(service, id)).status, "success");
  const image = await show(service, id);
  assert.equal(image.status, "active");
  assert.equal(image.os_hash_value, "a".repeat(128));
  assert.equal(image.checksum, null);
});

Deno.test("refusals of POST locations leave the image as it was", async (t) => {
  await using started = await start();
  const { service, url } = started;
  const bad: [string, Who, unknown, number][] = [
    ["no url", OWNER, {}, 400],
    ["url is a number", OWNER, { url: 5 }, 400],
    ["an array", OWNER, [], 400],
    ["half of the pair", OWNER, { url, validation_data: { os_hash_algo: "sha512" } }, 400],
    ["other half", OWNER, { url, validation_data: { os_hash_value: "00" } }, 400],
    ["unknown algorithm", OWNER, { url, validation_data: { os_hash_algo: "crc", os_hash_value: "00" } }, 400],
    ["wrong length", OWNER, { url, validation_data: { os_hash_algo: "sha512", os_hash_value: "00" } }, 400],
    ["not hexadecimal", OWNER, {
      url,
      validation_data: { os_hash_algo: "md5", os_hash_value: "z".repeat(32) },
    }, 400],
    ["unknown member of validation_data", OWNER, { url, validation_data: { x: "1" } }, 400],
    ["validation_data null", OWNER, { url, validation_data: null }, 400],
    ["not http, no service role", OWNER, { url: "rbd://a/b/c/d" }, 403],
    ["admin without the service role is no exception", ADMIN, { url: "rbd://a/b/c/d" }, 403],
    ["reader", READER, { url }, 403],
    ["stranger", STRANGER, { url }, 404],
  ];
  const { id } = await service.create(OWNER, FORMATS);
  const before = await show(service, id);
  for (const [name, who, body, status] of bad) {
    await t.step(name, async () => {
      const response = await post(service, id, who, body);
      assert.equal(response.status, status, await response.text());
      assert.deepEqual(await show(service, id), before);
    });
  }
  await t.step("unknown image", async () => {
    assert.equal((await post(service, crypto.randomUUID(), OWNER, { url })).status, 404);
  });
  await t.step("formats are missing", async () => {
    const { id } = await service.create(OWNER);
    assert.equal((await post(service, id, OWNER, { url })).status, 409);
  });
  await t.step("not queued", async () => {
    await service.upload(id, OWNER, "x");
    assert.equal((await post(service, id, OWNER, { url })).status, 409);
  });
});

Deno.test("tasks that fail leave the image queued", async (t) => {
  await using started = await start();
  const { service, url } = started;
  const rows: [string, Who, string][] = [
    ["nothing there", OWNER, url.replace("image", "none")],
    ["nobody listens", OWNER, "http://127.0.0.1:9/image"],
    [
      "a file, by a service",
      { ...SERVICE, roles: "service,member,reader", project: "p1" },
      "file:///etc/passwd",
    ],
    [
      "unknown scheme, by a service",
      { ...SERVICE, roles: "service,member,reader", project: "p1" },
      "foo://x",
    ],
  ];
  for (const [name, who, location] of rows) {
    await t.step(name, async () => {
      const { id } = await service.create(OWNER, FORMATS);
      assert.equal((await post(service, id, who, { url: location })).status, 202);
      assert.equal((await onlyTask(service, id)).status, "failure");
      const image = await show(service, id);
      assert.equal(image.status, "queued");
      assert.equal(image.os_glance_import_task, undefined);
    });
  }
});

Deno.test("who may list locations", async () => {
  await using started = await start();
  const { service } = started;
  const { id } = await service.create(OWNER, { ...FORMATS, visibility: "community" });
  const ask = async (who: Who) => (await service.ask(`/v2/images/${id}/locations`, who)).status;
  assert.deepEqual([await ask(ADMIN), await ask(SERVICE), await ask(OWNER), await ask(STRANGER)], [
    200,
    200,
    403,
    403,
  ]);
});
