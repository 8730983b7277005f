/** Inspecting a stream by what was kept of it gives what inspecting the whole data gives. */
import assert from "node:assert/strict";
import { inspect } from "../../src/formats/inspect.ts";
import { StreamTap } from "../../src/formats/stream_tap.ts";
import * as make from "../support/format_headers.ts";

function tapOf(bytes: Uint8Array, chunk: number): StreamTap {
  const tap = new StreamTap();
  for (let at = 0; at < bytes.length; at += chunk) tap.write(bytes.subarray(at, at + chunk));
  return tap;
}

async function sameFinding(name: string, bytes: Uint8Array): Promise<void> {
  const whole = await inspect(make.memoryPeek(bytes), { size: bytes.length });
  for (const chunk of [1000, 65536, 300_000, 4 << 20]) {
    const tap = tapOf(bytes, chunk);
    assert.equal(tap.size, bytes.length);
    assert.deepEqual(await inspect(tap.peek, { size: tap.size }), whole, `${name}, chunks of ${chunk}`);
  }
}

Deno.test("stream tap: every format is found as in the whole data", async () => {
  for (const [format, build] of Object.entries(make.GOOD)) await sameFinding(format, build());
  await sameFinding("streamOptimized", make.streamOptimizedVmdk());
  await sameFinding("empty", new Uint8Array(0));
  await sameFinding("one byte", new Uint8Array(1));
});

Deno.test("stream tap: a footer far behind the head is kept", async () => {
  const long = make.streamOptimizedVmdk();
  const bytes = new Uint8Array(3 << 20);
  bytes.set(long.subarray(0, long.length - 1536));
  bytes.set(long.subarray(long.length - 1536), bytes.length - 1536);
  await sameFinding("long streamOptimized", bytes);
  const tap = tapOf(bytes, 100);
  assert.deepEqual((await inspect(tap.peek, { size: tap.size })).failures, []);
});

Deno.test("stream tap: VHDX metadata is kept wherever it is", async () => {
  for (const start of [256 * 1024, 900 * 1024, 1024 * 1024, 5 << 20]) {
    const good = make.vhdx((_, fields) => fields.setBigUint64(192 * 1024 + 64, BigInt(start), true));
    const bytes = new Uint8Array(start + 200_000);
    bytes.set(good.subarray(0, 256 * 1024));
    bytes.set(good.subarray(make.VHDX_METADATA, make.VHDX_METADATA + 200_000), start);
    await sameFinding(`VHDX at ${start}`, bytes);
    const tap = tapOf(bytes, 7777);
    assert.equal((await inspect(tap.peek, { size: tap.size })).virtualSize, 5 * 2 ** 30);
  }
});

Deno.test("stream tap: what was not kept is not there", async () => {
  const tap = tapOf(new Uint8Array(3 << 20), 65536);
  assert.equal(await tap.peek(2 << 20, 10), null);
  assert.equal(await tap.peek((3 << 20) - 5, 6), null);
  assert.equal((await tap.peek((3 << 20) - 1536, 1536))?.length, 1536);
  assert.equal((await tap.peek(0, 1 << 20))?.length, 1 << 20);
});
