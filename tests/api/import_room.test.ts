/** Whether there is room for an import is judged before it is written: quota, cap and disk, by what it becomes, in every store. */
import assert from "node:assert/strict";
import { mayMount, mountSmall, unmount } from "../stores/scratch.ts";
import { FORMATS, importNow, nothingInProgress, staged, threeStores } from "../support/imports.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";

const MIB = 1 << 20;
const CONVERT = {
  "image_import_opts.image_import_plugins": "[image_conversion]",
  "image_conversion.output_format": "raw",
};
const DIRECT = { method: { name: "glance-direct" } };

async function qemuImg(...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command("qemu-img", { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** A qcow2 file of a disk of so many bytes, which holds 100,000 bytes in its middle. */
async function smallQcow2(size: number): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir();
  try {
    const raw = `${folder}/raw`;
    {
      using file = await Deno.open(raw, { write: true, create: true });
      await file.truncate(size);
      await file.seek(size / 2, Deno.SeekMode.Start);
      await file.write(new Uint8Array(100_000).fill(7));
    }
    assert.ok(await qemuImg("convert", "-f", "raw", "-O", "qcow2", raw, `${folder}/qcow2`));
    return await Deno.readFile(`${folder}/qcow2`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ignore = !await qemuImg("--version");
const mayNotMount = ignore || !await mayMount();

async function refused(service: TestService, data: Uint8Array, reason: RegExp): Promise<void> {
  const id = await staged(service, data, { disk_format: "qcow2" });
  const { image, task } = await importNow(service, id, DIRECT);
  assert.deepEqual([image.status, image.size, task.status], ["queued", null, "failure"]);
  assert.match(task.message, reason);
  await nothingInProgress(service);
  assert.deepEqual(filesIn(`${service.dir}/images`), []);
}

Deno.test({
  name: "a small qcow2 of a large disk, to become raw: its size as a disk is judged before the conversion",
  ignore,
  async fn(t) {
    const data = await smallQcow2(64 * MIB);
    assert.ok(data.length < MIB);
    await t.step("image_size_cap", async () => {
      await using service = await startService({ ...CONVERT, "DEFAULT.image_size_cap": String(60 * MIB) });
      await refused(service, data, /too large: 67108864 bytes, image_size_cap allows 62914560/);
    });
    await t.step("user_storage_quota", async () => {
      await using service = await startService({ ...CONVERT, "DEFAULT.user_storage_quota": "60MB" });
      await refused(service, data, /The size of the data 67108864 will exceed the limit\. 62914560 bytes/);
    });
    await t.step("user_storage_quota, by the number of copies", async () => {
      await using service = await threeStores({ ...CONVERT, "DEFAULT.user_storage_quota": "100MB" });
      const id = await staged(service, data, { disk_format: "qcow2" });
      const { task } = await importNow(service, id, { ...DIRECT, stores: ["a", "b"] });
      assert.match(task.message, /The size of the data 134217728 will exceed the limit\. 104857600 bytes/);
    });
  },
});

Deno.test({
  name: "a small qcow2 of a large disk, to become raw: the room of the staging area is judged",
  ignore: mayNotMount,
  async fn() {
    const data = await smallQcow2(64 * MIB);
    await using service = await startService(CONVERT);
    await mountSmall(`${service.dir}/staging`, "32m");
    try {
      await refused(service, data, /the data has 67108864 bytes; the staging area has room for \d+/);
    } finally {
      await unmount(`${service.dir}/staging`);
    }
  },
});

Deno.test({
  name: "what is converted to raw keeps its holes in the store",
  ignore,
  async fn() {
    await using service = await startService(CONVERT);
    const id = await staged(service, await smallQcow2(64 * MIB), { disk_format: "qcow2" });
    const { image } = await importNow(service, id, DIRECT);
    assert.deepEqual([image.status, image.size, image.disk_format], ["active", 64 * MIB, "raw"]);
    const { size, blocks } = await Deno.stat(`${service.dir}/images/${id}`);
    assert.equal(size, 64 * MIB);
    assert.ok(blocks! * 512 < MIB, `${blocks! * 512} bytes are on the disk`);
    const bytes = new Uint8Array(await (await service.ask(`/v2/images/${id}/file`, OWNER)).arrayBuffer());
    assert.equal(bytes.reduce((sum, byte) => sum + byte, 0), 700_000);
  },
});

Deno.test({
  name: "a conversion that fails: the task names no path of the server",
  ignore,
  async fn() {
    const data = await smallQcow2(MIB);
    // The length of the header: more than a cluster.
    data.set([0x7f, 0xff, 0xff, 0xff], 100);
    await using service = await startService(CONVERT);
    const id = await staged(service, data, { disk_format: "qcow2" });
    const { task } = await importNow(service, id, DIRECT);
    assert.equal(task.status, "failure");
    assert.match(task.message, /qemu-img info failed: /);
    assert.ok(task.message.includes(`'${id}'`), task.message);
    assert.ok(!task.message.includes(service.dir) && !task.message.includes("staging"), task.message);
  },
});

Deno.test("an archive that would become more than the quota leaves", async () => {
  await using service = await startService({
    "image_import_opts.image_import_plugins": "[image_decompression]",
    "DEFAULT.user_storage_quota": "1MB",
  });
  const zipped = new Blob([new Uint8Array(3 * MIB)]).stream().pipeThrough(new CompressionStream("gzip"));
  const id = await staged(service, await new Response(zipped).bytes());
  const { image, task } = await importNow(service, id, DIRECT);
  assert.deepEqual([image.status, task.status], ["queued", "failure"]);
  assert.match(task.message, /the data is larger than 1048576 bytes when decompressed/);
  await nothingInProgress(service);
});

const stage = (service: TestService, id: string, body: string | ReadableStream<Uint8Array>) =>
  service.ask(`/v2/images/${id}/stage`, OWNER, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body,
  });

Deno.test("PUT stage keeps user_storage_quota as an upload does", async (t) => {
  await using service = await startService({ "DEFAULT.user_storage_quota": "100" });
  const first = await service.create(OWNER, FORMATS);
  await service.upload(first.id, OWNER, "x".repeat(90));
  const { id } = await service.create(OWNER, FORMATS);
  const chunked = (text: string) => new Blob([text]).stream();
  const rows: [name: string, body: string | ReadableStream<Uint8Array>, text: string][] = [
    ["declared", "x".repeat(11), "The size of the data 11 will exceed the limit. 10 bytes remaining."],
    [
      "unknown",
      chunked("x".repeat(12)),
      "The size of the data 12 will exceed the limit. 10 bytes remaining.",
    ],
  ];
  for (const [name, body, text] of rows) {
    await t.step(`size ${name}: 413, queued`, async () => {
      const response = await stage(service, id, body);
      assert.equal(response.status, 413);
      assert.ok((await response.text()).includes(`Image exceeds the storage quota: ${text}`));
      assert.equal((await (await service.ask(`/v2/images/${id}`, OWNER)).json()).status, "queued");
      await nothingInProgress(service);
    });
  }
  await t.step("what fits", async () => {
    assert.equal((await stage(service, id, "x".repeat(10))).status, 204);
  });
  await t.step("nothing left, size unknown: refused before a byte is read", async () => {
    await service.upload((await service.create(OWNER, FORMATS)).id, OWNER, "x".repeat(10));
    const other = await service.create(OWNER, FORMATS);
    const response = await stage(service, other.id, chunked("x"));
    assert.match(await response.text(), /The size of the data 0 will exceed the limit\. 0 bytes remaining/);
  });
});

Deno.test("copies of an import to several stores count before one is written", async (t) => {
  await using service = await threeStores({ "DEFAULT.user_storage_quota": "25" });
  const data = "0123456789";
  const written: string[] = [];
  for (const store of service.deps.stores.all) {
    const open = store.open.bind(store);
    store.open = (id, options) => {
      written.push(store.id!);
      return open(id, options);
    };
  }
  const over = (size: number) => new RegExp(`The size of the data ${size} will exceed the limit\\. 25 bytes`);
  await t.step("three do not fit, and no store is asked", async () => {
    for (const all_stores_must_succeed of [true, false]) {
      const id = await staged(service, data);
      const request = { ...DIRECT, all_stores: true, all_stores_must_succeed };
      const { image, task } = await importNow(service, id, request);
      assert.deepEqual([image.status, task.status], ["queued", "failure"]);
      assert.match(task.message, over(30));
      assert.deepEqual(written, []);
      await nothingInProgress(service);
    }
  });
  await t.step("two do, a third copy does not", async () => {
    const id = await staged(service, data);
    const { image } = await importNow(service, id, { ...DIRECT, stores: ["a", "b"] });
    assert.deepEqual([image.status, image.stores], ["active", "a,b"]);
    // An administrator's copy of it counts for the administrator's project, where there is room.
    const copied = await importNow(service, id, { method: { name: "copy-image" }, stores: ["c"] }, ADMIN);
    assert.deepEqual([copied.image.stores, copied.task.status], ["a,b,c", "success"]);
  });
  await t.step("copies of an own image count with those that are there", async () => {
    const { id } = await service.create(ADMIN, FORMATS);
    await service.upload(id, ADMIN, data);
    const copy = (...stores: string[]) =>
      importNow(service, id, { method: { name: "copy-image" }, stores }, ADMIN);
    const two = await copy("b", "c");
    assert.deepEqual([two.image.stores, two.task.status], ["a", "failure"]);
    assert.match(two.task.message, over(30));
    assert.equal((await copy("b")).image.stores, "a,b");
  });
});
