/**
 * The shortest proof that the program works, without Keystone: it makes its database, starts, takes bytes and gives
 * the same bytes back, and ends on SIGTERM. With `ONEGLANCE_BIN` it is the proof for the executable.
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

// How long a start takes is measured by `deno task bench --only start_time`, beside what the runtime itself takes.
Deno.test("smoke: it starts again on what it left, and says how long that took", async () => {
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
