/**
 * Decompression bombs against a real process: it refuses each at the limit, the image is queued again, no file of it
 * stays, and the memory has a limit, whatever the size of the plain data.
 */
import assert from "node:assert/strict";
import { bombMaker, greedyXz, greedyZstd, KINDS } from "../support/bombs.ts";
import { filesIn, newImage, serve, type Served, show, until } from "../support/served.ts";

const GIB = 2 ** 30;
const LIMIT = 384 << 20;
/** Limit of the process's memory in bytes. An idle process has 150 MiB; the plain data of a bomb would not fit. */
const PEAK = 512 << 20;

const OPTIONS = {
  OS_IMAGE_IMPORT_OPTS__IMAGE_IMPORT_PLUGINS: "[image_decompression]",
  OS_DEFAULT__IMAGE_SIZE_CAP: String(LIMIT),
  OS_ONEGLANCE__DECOMPRESSION_MAX_RATIO: "0",
};

/** Stages and imports the data; returns the final status of the image and the message of the task. */
async function run({ url }: Served, bytes: Uint8Array<ArrayBuffer>) {
  const id = await newImage(url);
  const type = { "content-type": "application/octet-stream" };
  const staged = await fetch(`${url}/v2/images/${id}/stage`, { method: "PUT", headers: type, body: bytes });
  assert.equal(staged.status, 204, await staged.text());
  const body = JSON.stringify({ method: { name: "glance-direct" } });
  const posted = await fetch(`${url}/v2/images/${id}/import`, { method: "POST", body });
  assert.equal(posted.status, 202, await posted.text());
  const image = () => show(url, id);
  await until("the import has ended", async () => !("os_glance_import_task" in await image()), 60);
  const { tasks } = await (await fetch(`${url}/v2/images/${id}/tasks`)).json();
  return { id, status: (await image()).status, task: tasks[0].status, message: String(tasks[0].message) };
}

/** Returns the peak memory of the process since `forgetPeak`, in bytes. */
function peak({ child }: Served): number {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${child.pid}/status`))!;
  return Number(kib) * 1024;
}

/** Resets the kernel's peak value to the present memory of the process. */
function forgetPeak({ child }: Served): void {
  Deno.writeTextFileSync(`/proc/${child.pid}/clear_refs`, "5", { create: false });
}

Deno.test("bombs are refused at the limit, with memory that does not depend on their size", async (t) => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-bombs-" });
  const server = await serve(dir, OPTIONS);
  const staging = `${dir}/staging`;
  const refused = async (bytes: Uint8Array<ArrayBuffer>, reason: RegExp) => {
    forgetPeak(server);
    const { id, status, task, message } = await run(server, bytes);
    assert.deepEqual([status, task], ["queued", "failure"], message);
    assert.match(message, reason);
    assert.deepEqual(
      [...filesIn(staging), ...filesIn(`${dir}/images`)].filter((name) => name.includes(id)),
      [],
    );
    const most = peak(server);
    assert.ok(most < PEAK, `${most} bytes of memory`);
  };
  try {
    for (const kind of KINDS) {
      const bomb = await bombMaker(kind);
      await t.step(kind, async () => {
        const reason = new RegExp(`the data is larger than ${LIMIT} bytes when decompressed`);
        await refused(bomb(4 * GIB), reason);
        await refused(bomb(40 * GIB), reason);
      });
    }
    await t.step("data that asks for much memory", async () => {
      await refused(greedyZstd(), /zstd window of more than 134217728 bytes/);
      await refused(await greedyXz(), /its dictionary is larger than 64 MiB/);
    });
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});
