import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { isError } from "../../src/errors.ts";
import type { WriteHandle } from "../../src/stores/store.ts";
import { random, sameBytes } from "./bodies.ts";
import { handlesUnder, names, scratch } from "./scratch.ts";
import { get } from "./suite.ts";

/** Serves one handler on a free port. */
function serving(handler: (request: Request) => Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return {
    port: server.addr.port,
    url: `http://127.0.0.1:${server.addr.port}/`,
    stop: () => server.shutdown(),
  };
}

const OPTIONS = { size: null, algorithm: "sha512" };

Deno.test("file: a request's body arrives as sent, by the runtime's own stream", async () => {
  await using place = await scratch();
  const store = await place.open();
  const server = serving(async (request) => {
    const handle = await store.open("img", OPTIONS);
    await handle.pipe(request.body!);
    const digests = await handle.digests();
    return Response.json({ ...digests, ...await handle.commit() });
  });
  const bytes = random(20_000_001);
  const answer = await (await fetch(server.url, { method: "PUT", body: bytes })).json();
  await server.stop();
  assert.equal(answer.md5, createHash("md5").update(bytes).digest("hex"));
  assert.equal(answer.hash, createHash("sha512").update(bytes).digest("hex"));
  sameBytes(await get(store, answer.url), bytes);
});

Deno.test("file: the errors of a client that disconnects and of a disk that fails differ, and nothing is left", async () => {
  await using place = await scratch();
  const store = await place.open();
  const outcome = Promise.withResolvers<unknown>();
  const began = Promise.withResolvers<WriteHandle>();
  const server = serving(async (request) => {
    const handle = await store.open("img", OPTIONS);
    began.resolve(handle);
    const [result] = await Promise.allSettled([handle.pipe(request.body!)]);
    await handle.cancel();
    outcome.resolve(result);
    return new Response();
  });
  const client = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await client.write(
    new TextEncoder().encode("PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\nabcdef"),
  );
  const handle = await began.promise;
  while (await handle.written() < 6) await new Promise((resolve) => setTimeout(resolve, 5));
  client.close();
  const result = await outcome.promise as PromiseRejectedResult;
  assert.equal(result.status, "rejected");
  assert.ok(!isError(result.reason), String(result.reason));
  assert.deepEqual(names(`${place.folder}/images`), []);
  assert.deepEqual(handlesUnder(place.folder), []);
  await server.stop();
});

Deno.test("file: an abort in the middle of an upload answers at once and frees the handle", async () => {
  await using place = await scratch();
  const store = await place.open();
  const outcome = Promise.withResolvers<string>();
  const server = serving(async (request) => {
    const handle = await store.open("img", OPTIONS);
    const stop = new AbortController();
    const cap = setInterval(async () => {
      if (await handle.written() > 1_000_000) stop.abort(new Error("cap"));
    }, 5);
    const [result] = await Promise.allSettled([handle.pipe(request.body!, stop.signal)]);
    clearInterval(cap);
    await handle.cancel();
    outcome.resolve(result.status === "rejected" ? String(result.reason) : "stored");
    return new Response(null, { status: 413 });
  });
  const client = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const say = (bytes: Uint8Array) => client.write(bytes);
  await say(new TextEncoder().encode("PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 90000000\r\n\r\n"));
  const answered = client.read(new Uint8Array(12)).then(() => true);
  // The rest never comes: the answer must not wait for it.
  for (let sent = 0; sent < 1_100_000;) sent += await say(random(65536));
  assert.ok(await answered);
  client.close();
  assert.equal(await outcome.promise, "Error: cap");
  assert.deepEqual(names(`${place.folder}/images`), []);
  assert.deepEqual(handlesUnder(place.folder), []);
  await server.stop();
});
