/** Answers over TLS come no faster than they are read. */
import assert from "node:assert/strict";
import { CAN_NODE } from "../../src/net/node_fetch.ts";
import { makeOutbound } from "../../src/net/outbound.ts";
import { TEST_CERT, TEST_KEY } from "../support/tls.ts";

// Deno 2.4 cannot skip the check of a certificate.
Deno.test("who reads slowly holds the server back, and loses nothing", { ignore: !CAN_NODE }, async () => {
  const block = new Uint8Array(65536);
  let sent = 0;
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(block.slice().fill(sent++ % 251));
      },
    });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert: TEST_CERT, key: TEST_KEY, onListen() {} },
    () => new Response(body()),
  );
  const outbound = makeOutbound({ location: { connectTimeoutMs: 5000, insecure: true } });
  const url = new URL(`https://127.0.0.1:${server.addr.port}/`);
  const response = await outbound.fetch(url, { use: "location" });
  const reader = response.body!.getReader();
  let taken = 0;
  const take = async (blocks: number) => {
    for (const end = taken + blocks * block.length; taken < end;) {
      const { value } = await reader.read();
      for (let at = 0; at < value!.length; at += 4096) {
        assert.equal(value![at], Math.floor((taken + at) / block.length) % 251);
      }
      taken += value!.length;
    }
  };
  await take(50);
  for (let before = -1; sent !== before; await new Promise((resolve) => setTimeout(resolve, 200))) {
    before = sent;
    // What the system keeps of a connection is some megabytes.
    assert.ok(sent < 1000, `${sent} blocks were sent, ${taken / block.length} taken`);
  }
  await take(1000);
  await reader.cancel();
  outbound.close();
  await server.shutdown();
});
