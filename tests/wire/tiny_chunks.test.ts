/** Uploads in chunks of few bytes, as fast as they are taken: others are served, and a stop is a stop. */
import assert from "node:assert/strict";
import { newImage, type Served, show, until } from "../support/served.ts";
import { withService } from "../support/with_service.ts";
import { uploadHead, wire } from "../support/wire.ts";

interface Flood extends AsyncDisposable {
  id: string;
  sent(): number;
}

/** Sends an upload in chunks of `size` bytes without end. */
async function flood(server: Served, size: number): Promise<Flood> {
  const id = await newImage(server.url);
  const client = await wire(server.port);
  const chunk = `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
  const block = new TextEncoder().encode(chunk.repeat(Math.ceil((1 << 16) / chunk.length)));
  await client.send(uploadHead(id, null));
  let sent = 0;
  const sending = (async () => {
    for (;; sent += block.length) await client.send(block);
  })().catch(() => {});
  return {
    id,
    sent: () => sent,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await sending;
    },
  };
}

/** How long each of `count` requests waits for its answer, in ms; the middle one. */
async function wait(server: Served, count = 40): Promise<number> {
  const waits: number[] = [];
  for (let number = 0; number < count; number++) {
    const began = performance.now();
    const response = await fetch(`${server.url}/healthcheck`);
    await response.body?.cancel();
    assert.equal(response.status, 200);
    waits.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return waits.toSorted((a, b) => a - b)[count / 2]!;
}

Deno.test("requests beside uploads in small chunks", (t) =>
  withService({}, async (server) => {
    await using idle = await idleService();
    for (const size of [1, 16, 256]) {
      await t.step(`chunks of ${size}`, async () => {
        const [alone, beside] = await (async () => {
          await using running = await flood(server, size);
          const alone = await wait(idle.server);
          const beside = await wait(server);
          assert.ok(running.sent() > 0);
          return [alone, beside];
        })();
        console.log(
          `chunks of ${size}: ${beside.toFixed(1)} ms beside, ${alone.toFixed(1)} ms of an idle service`,
        );
        // The bodies' turn is 10 ms; a request takes a few turns. Before that, it was seconds.
        assert.ok(beside < 200 + 20 * alone, `${beside} ms; ${alone} ms of an idle service`);
      });
    }
  }));

Deno.test("when the client has gone, its upload is over and the image queued", () =>
  withService({}, async (server) => {
    const { id } = await (async () => {
      await using running = await flood(server, 1);
      await until("it runs", async () => (await show(server.url, running.id)).status === "saving");
      return running;
    })();
    await until("it is queued", async () => (await show(server.url, id)).status === "queued");
  }));

Deno.test("SIGTERM ends it within its grace", () =>
  withService({ OS_ONEGLANCE__GRACEFUL_SHUTDOWN_TIMEOUT: "1" }, async (server) => {
    await using running = await flood(server, 1);
    await until("it runs", async () => (await show(server.url, running.id)).status === "saving");
    server.child.kill("SIGTERM");
    assert.equal(await server.ended, 0);
    assert.match(server.log(), /1 requests? did not complete within 1 s/);
  }));

async function idleService(): Promise<{ server: Served } & AsyncDisposable> {
  const { promise: ready, resolve } = Promise.withResolvers<Served>();
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const running = withService({}, (server) => (resolve(server), over));
  return {
    server: await ready,
    async [Symbol.asyncDispose]() {
      end();
      await running;
    },
  };
}
