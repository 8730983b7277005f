/**
 * The shortest test of the whole program, without Keystone: it creates its database, starts, takes an upload, returns
 * the same bytes, and ends on SIGTERM. With `ONEGLANCE_BIN` it tests the executable.
 */
import assert from "node:assert/strict";
import { oneglance, startOneglance } from "./support/oneglance.ts";
import { must } from "./support/processes.ts";

Deno.test("smoke: the version is printed", async () => {
  const { name, args } = oneglance(["--version"]);
  assert.match(await must(name, args), /^\d+\.\d+\.\d+/);
});

Deno.test("smoke: start, upload, download, compare, stop", async () => {
  const server = await startOneglance();
  let running = true;
  try {
    const bytes = crypto.getRandomValues(new Uint8Array(65536));
    const sent = new Blob(Array.from({ length: 80 }, () => bytes));
    const created = await fetch(`${server.url}/v2/images`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "smoke", disk_format: "raw", container_format: "bare" }),
    });
    assert.equal(created.status, 201);
    const { id } = await created.json();
    const upload = await fetch(`${server.url}/v2/images/${id}/file`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: sent,
    });
    await upload.body?.cancel();
    assert.equal(upload.status, 204);
    const download = await fetch(`${server.url}/v2/images/${id}/file`);
    assert.equal(download.status, 200);
    assert.deepEqual(new Uint8Array(await download.arrayBuffer()), new Uint8Array(await sent.arrayBuffer()));

    running = false;
    const end = await server.stop();
    assert.equal(end.code, 0, end.log);
    assert.ok(end.took < 10_000, `ended only after ${end.took} ms`);
  } finally {
    if (running) await server.stop();
  }
});

// `deno task bench --only start_time` measures the start, beside that of the runtime alone.
Deno.test("smoke: it starts again on its own data, and prints how long that takes", async () => {
  const folder = await Deno.makeTempDir({ prefix: "oneglance_start_" });
  const times: number[] = [];
  try {
    for (let turn = 0; turn < 3; turn++) {
      const server = await startOneglance({ folder });
      times.push(server.startedIn / 1000);
      assert.equal((await server.stop()).code, 0);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`start to first 200: ${times.map((time) => time.toFixed(3)).join(", ")} s`);
});
