/** Bodies in chunks: which are put together, in what pieces, and that nothing is lost on the way. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { answerUpload, gathered, PIECE, uploadBody } from "../../src/http/chunked_body.ts";
import { readJson } from "../../src/http/json_body.ts";
import { BLOCK } from "../../src/util/pump.ts";
import { noise } from "../support/served.ts";
import { wire } from "../support/wire.ts";

const CHUNKED = { "transfer-encoding": "chunked" };
const LENGTH = { "content-length": "5" };

interface Source {
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Room of each read. */
  asked: number[];
  cancelled: unknown[];
}

/** A stream of bytes as the runtime's: each read gives the next piece, at most what was asked for. */
function source(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Source {
  const asked: number[] = [];
  const cancelled: unknown[] = [];
  const each = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  let rest: Uint8Array = new Uint8Array();
  const body = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 65536,
    async pull(controller: ReadableByteStreamController) {
      const view = controller.byobRequest!.view!;
      asked.push(view.byteLength);
      if (rest.length === 0) {
        const { value, done } = await each.next();
        if (done) {
          controller.close();
          return controller.byobRequest!.respond(0);
        }
        rest = value;
      }
      const part = rest.subarray(0, view.byteLength);
      rest = rest.subarray(part.length);
      new Uint8Array(view.buffer, view.byteOffset).set(part);
      controller.byobRequest?.respond(part.length);
    },
    cancel: (reason) => void cancelled.push(reason),
  });
  return { body, asked, cancelled };
}

function request(headers: Record<string, string>, body: BodyInit | null = "bytes"): Request {
  return new Request("http://glance/", { method: "PUT", headers, body });
}

/** `bytes` cut into pieces of these sizes, in turn. */
function* cut(bytes: Uint8Array, ...sizes: number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** All pieces of a body, read into blocks of `room` bytes; 0 = with a default reader. */
async function piecesOf(body: ReadableStream<Uint8Array>, room: number): Promise<Uint8Array[]> {
  if (room === 0) return await Array.fromAsync(body);
  const pieces: Uint8Array[] = [];
  const reader = body.getReader({ mode: "byob" });
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(room));
    if (done) return pieces;
    pieces.push(value);
  }
}

/** Compares without printing megabytes. */
function sameBytes(pieces: Uint8Array[], bytes: Uint8Array): void {
  assert.equal(Buffer.compare(Buffer.concat(pieces), bytes), 0);
}

Deno.test("which bodies are put together", async (t) => {
  const rows: [string, Record<string, string>, string, boolean][] = [
    ["chunked, the runtime of the offline build", CHUNKED, "2.4.2", false],
    ["chunked, the last runtime without the fault", CHUNKED, "2.8.2", false],
    ["chunked, the first with it", CHUNKED, "2.8.3", true],
    ["chunked, a candidate of a later one", CHUNKED, "2.10.0-rc.1", true],
    ["chunked, the next major", CHUNKED, "3.0.0", true],
    ["with a length", LENGTH, "2.9.6", false],
  ];
  for (const [name, headers, runtime, put] of rows) {
    await t.step(name, async () => {
      const asked = request(headers);
      const body = uploadBody(asked, runtime);
      assert.equal(body !== asked.body, put);
      // A refused request still has its body cancelled.
      assert.equal(asked.body!.locked, false);
      sameBytes(await piecesOf(body, 0), new TextEncoder().encode("bytes"));
    });
  }
  await t.step("none at all: an empty stream", async () => {
    for (const headers of [CHUNKED, LENGTH]) {
      assert.deepEqual(await piecesOf(uploadBody(request(headers, null), "2.9.6"), 0), []);
    }
  });
});

Deno.test("a connection that took an upload with a length ends where chunks on it would be slow", () => {
  const ends = (headers: Record<string, string>, runtime: string) =>
    answerUpload(request(headers), new Response(), runtime).headers.get("connection");
  assert.deepEqual(
    [ends(LENGTH, "2.8.3"), ends({}, "2.8.3"), ends(CHUNKED, "2.8.3"), ends(LENGTH, "2.8.2")],
    ["close", "close", null, null],
  );
});

Deno.test("the bytes are those of the source", async (t) => {
  const bytes = noise(3 * BLOCK + 4321);
  const rows: [string, number[], number][] = [
    ["in pieces of the block", [65536], BLOCK],
    ["in odd pieces", [1, 4095, 17, 65545, 3, 4097], BLOCK],
    ["into blocks smaller than a piece", [5000, 700], 1000],
    ["to a default reader", [3333], 0],
  ];
  for (const [name, sizes, room] of rows) {
    await t.step(name, async () => {
      const { body, asked } = source(cut(bytes, ...sizes));
      sameBytes(await piecesOf(gathered(body), room), bytes);
      assert.deepEqual([...new Set(asked)], [PIECE]);
    });
  }
  await t.step("of a source that is no stream of bytes", async () => {
    const pieces = await piecesOf(gathered(ReadableStream.from(cut(bytes, 3 * BLOCK, 0, 4321))), BLOCK);
    sameBytes(pieces, bytes);
  });
  await t.step("of an empty one", async () => {
    for (const room of [0, BLOCK]) assert.deepEqual(await piecesOf(gathered(source([]).body), room), []);
  });
});

Deno.test("what can be had at once comes as whole blocks", async () => {
  const pieces = await piecesOf(gathered(source(cut(noise(4 * BLOCK), PIECE - 9, 9)).body), BLOCK);
  assert.deepEqual(pieces.map(({ length }) => length), Array(4).fill(BLOCK));
});

Deno.test("pieces of one byte: others get their turn after some", async () => {
  const bytes = noise(5000);
  const pieces = await piecesOf(gathered(source(cut(bytes, 1)).body), BLOCK);
  sameBytes(pieces, bytes);
  assert.equal(pieces.length, 5);
});

Deno.test("what is there is handed over while more is waited for", async () => {
  const gate = Promise.withResolvers<void>();
  async function* slow() {
    yield noise(10);
    yield noise(20);
    await gate.promise;
    yield noise(30);
  }
  const reader = gathered(source(slow()).body).getReader();
  assert.equal((await reader.read()).value?.length, 30);
  const waiting = reader.read();
  gate.resolve();
  assert.equal((await waiting).value?.length, 30);
  assert.equal((await reader.read()).done, true);
});

async function* breaking(gate: Promise<void>) {
  yield noise(10);
  await gate;
  throw new Error("the client left");
}

Deno.test("an error of the source arrives, also one that comes while nobody reads", async () => {
  for (const pause of [0, 20]) {
    const gate = Promise.withResolvers<void>();
    const reader = gathered(source(breaking(gate.promise)).body).getReader();
    assert.equal((await reader.read()).value?.length, 10);
    gate.resolve();
    await new Promise((resolve) => setTimeout(resolve, pause));
    await assert.rejects(reader.read(), /the client left/);
  }
});

Deno.test("a cancellation reaches the source", async (t) => {
  const reason = new Error("too large");
  async function* hangs() {
    yield noise(10);
    await new Promise(() => {});
  }
  for (const reads of [0, 1, 2]) {
    await t.step(`after ${reads} reads`, async () => {
      const { body, cancelled } = source(hangs());
      const reader = gathered(body).getReader();
      if (reads > 0) await reader.read();
      const waiting = reads > 1 ? reader.read() : null;
      await reader.cancel(reason);
      if (waiting) assert.equal((await waiting).done, true);
      assert.deepEqual(cancelled, [reason]);
    });
  }
});

Deno.test("a JSON body asks for no more at once than a body in chunks does", async () => {
  const text = JSON.stringify({ name: "x".repeat(10_000) });
  const { body, asked, cancelled } = source(cut(new TextEncoder().encode(text), 100, 9000));
  assert.deepEqual(await readJson(request(CHUNKED, body), 20_000), JSON.parse(text));
  assert.deepEqual([...new Set(asked)], [PIECE]);
  assert.equal(cancelled.length, 0);
});

/** Bytes that the client of a body in chunks may be ahead of who takes it: more than two sockets hold. */
const LEAD = 32 << 20;

/** Sends 64 MiB to a real server whose handler takes them by `take`; gives how far ahead the client was at most. */
async function leadOf(chunk: number, take: typeof gathered): Promise<number> {
  let taken = 0;
  const handler = async ({ body }: Request) => {
    const reader = take(body!).getReader({ mode: "byob" });
    for (let block = new ArrayBuffer(BLOCK);;) {
      const { value, done } = await reader.read(new Uint8Array(block));
      if (done) return new Response(String(taken));
      block = value.buffer as ArrayBuffer;
      taken += value.length;
      // A turn of the event loop, as writing them takes.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  const stop = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: stop.signal };
  const server = Deno.serve({ ...options, onError: () => new Response(null, { status: 500 }) }, handler);
  const { port } = server.addr as Deno.NetAddr;
  using client = await wire(port);
  const frame = Buffer.concat([Buffer.from(`${chunk.toString(16)}\r\n`), noise(chunk), Buffer.from("\r\n")]);
  const frames = Array(Math.ceil(65536 / chunk)).fill(frame);
  const block = Buffer.concat(frames);
  await client.send("PUT / HTTP/1.1\r\nhost: glance\r\ntransfer-encoding: chunked\r\n\r\n");
  let sent = 0;
  let most = 0;
  while (sent < 64 << 20 && most < LEAD) {
    await client.send(block);
    sent += frames.length * chunk;
    most = Math.max(most, sent - taken);
  }
  if (most < LEAD) {
    await client.send("0\r\n\r\n");
    assert.equal((await client.answer()).body, String(sent));
  }
  stop.abort();
  await server.finished;
  return most;
}

Deno.test("a client that is quicker than the disk is held up, whatever its chunks are", async (t) => {
  for (const chunk of [1500, 8192, 32768, 65536]) {
    await t.step(`chunks of ${chunk} bytes`, async () => {
      const lead = await leadOf(chunk, gathered);
      assert.ok(lead < LEAD, `the runtime held ${lead} bytes`);
    });
  }
});
