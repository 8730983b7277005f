/** As many connections as the process may have files open, and more: it lives, serves, and says what is short. */
import assert from "node:assert/strict";
import { withBareListener } from "../support/bare_process.ts";
import { newImage, noise, until } from "../support/served.ts";
import { withService } from "../support/with_service.ts";
import { wire } from "../support/wire.ts";

/** Waves of connections; ONEGLANCE_WAVES asks for more of them (a minute is 30). */
const WAVES = Number(Deno.env.get("ONEGLANCE_WAVES") ?? 3);
const OF = 500;

/** Resident memory, in MiB. */
function memory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1024;
}

async function connect(port: number, number = OF): Promise<Deno.Conn[]> {
  const conns: Deno.Conn[] = [];
  for (let count = 0; count < number; count++) {
    conns.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  }
  return conns;
}

async function useIt(url: string): Promise<void> {
  const id = await newImage(url);
  const bytes = noise(300_000);
  const put = await fetch(`${url}/v2/images/${id}/file`, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: bytes,
  });
  assert.equal(put.status, 204);
  assert.deepEqual(new Uint8Array(await (await fetch(`${url}/v2/images/${id}/file`)).arrayBuffer()), bytes);
  const list = await fetch(`${url}/v2/images?limit=1000`);
  assert.ok((await list.json()).images.some((image: { id: string }) => image.id === id));
}

Deno.test("ulimit -n 128 and waves of 500 connections: lists and uploads go on, memory stays", () =>
  withService({}, async (server) => {
    await useIt(server.url);
    let before = 0;
    for (let wave = 0; wave < WAVES; wave++) {
      // Some send nothing, some the beginning of a head.
      const conns = await connect(server.port);
      const part = new TextEncoder().encode("GET /v2/images HTTP/1.1\r\nhost: a\r\nx-a: ");
      for (const conn of conns.slice(0, OF / 2)) await conn.write(part).catch(() => {});
      // While they are there, and after they have gone.
      await useIt(server.url);
      for (const conn of conns) conn.close();
      await useIt(server.url);
      // The runtime's heap has grown by then to what such work takes.
      if (wave === Math.floor(WAVES / 2)) before = memory(server.child.pid);
    }
    const after = memory(server.child.pid);
    console.log(
      `${WAVES} waves of ${OF} connections: ${before.toFixed(0)} MiB, then ${after.toFixed(0)} MiB`,
    );
    assert.ok(after < before + 64, `${before} MiB, then ${after} MiB`);
    assert.match(
      server.log(),
      /accepts up to \d+ connections, not the 4096 of max_connections: .* 128 files open/,
    );
  }, { openFiles: 128 }));

Deno.test("a soft limit below the hard one is raised at start", () =>
  withService({}, async (server) => {
    const limit = /^Max open files\s+(\d+)\s+(\d+)/m.exec(
      Deno.readTextFileSync(`/proc/${server.child.pid}/limits`),
    )!;
    assert.equal(limit[1], limit[2]);
    await useIt(server.url);
  }, { openFiles: "-S 200" }));

Deno.test("no file for another connection: it is said, others are given up, and it goes on", () =>
  withBareListener(async ({ port, said }) => {
    const conns = await connect(port, 100);
    await until("it says so", () => said().includes("exhausted"));
    using client = await wire(port);
    await client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert.equal((await client.answer()).status, 200);
    for (const conn of conns) conn.close();
    using second = await wire(port);
    await second.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert.equal((await second.answer()).status, 200);
  }, { openFiles: 64 }));
