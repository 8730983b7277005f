import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { isError } from "../../src/errors.ts";
import type { Store } from "../../src/stores/store.ts";
import { code, forked, pieces, random, sameBytes, sent } from "./bodies.ts";

/** A store to test, and the end of what it stands on. */
export interface SuiteStore {
  store: Store;
  end(): Promise<void>;
}

const SHA512 = { size: null, algorithm: "sha512" };

/** Writes an image whole; the URL of its location. */
export async function put(store: Store, id: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const handle = await store.open(id, { size: bytes.length, algorithm: "sha512" });
  await handle.pipe(sent(bytes));
  return (await handle.commit()).url;
}

/** Reads an image whole. */
export async function get(store: Store, url: string, offset?: number, length?: number): Promise<Uint8Array> {
  const range = offset === undefined ? undefined : { offset, length };
  return await new Response((await store.read(url, range)).body).bytes();
}

/** The tests every driver that can write passes. `make` gives a fresh, empty store. */
export function storeSuite(name: string, make: () => Promise<SuiteStore>): void {
  const it = (what: string, run: (store: Store) => Promise<void>) =>
    Deno.test(`${name}: ${what}`, async () => {
      const { store, end } = await make();
      try {
        await run(store);
      } finally {
        await store.close();
        await end();
      }
    });

  for (const length of [0, 1, 65536, 1_000_003, 9 * 1024 * 1024 + 7]) {
    it(`${length} bytes come back as they went in, with digests and size`, async (store) => {
      const bytes = random(length);
      const handle = await store.open("img-1", SHA512);
      await handle.pipe(pieces(bytes, 70_001));
      assert.equal(await handle.written(), length);
      assert.deepEqual(await handle.digests(), {
        md5: createHash("md5").update(bytes).digest("hex"),
        hash: createHash("sha512").update(bytes).digest("hex"),
      });
      const { url, metadata } = await handle.commit();
      assert.ok(store.schemes.some((scheme) => url.startsWith(`${scheme}://`)), url);
      assert.equal(metadata.store, store.id ?? undefined);
      assert.equal(await store.size(url), length);
      const read = await store.read(url);
      assert.equal(read.length, length);
      assert.equal(read.size, length);
      sameBytes(await new Response(read.body).bytes(), bytes);
    });
  }

  it("hashes by the names of hashlib", async (store) => {
    for (const [at, [algorithm, nodeName]] of [["sha3_256", "sha3-256"], ["md5", "md5"]].entries()) {
      const handle = await store.open(`img-${at}`, { size: 3, algorithm: algorithm! });
      await handle.pipe(sent(new TextEncoder().encode("abc")));
      assert.equal((await handle.digests()).hash, createHash(nodeName!).update("abc").digest("hex"));
      await handle.cancel();
    }
    await assert.rejects(store.open("img-9", { size: 3, algorithm: "crc32" }), (error: Error) => {
      assert.ok(isError(error, "bad_request"));
      assert.match(error.message, /hashing_algorithm/);
      return true;
    });
  });

  it("refuses ids that are no names", async (store) => {
    for (const id of ["", ".", "..", "../x", "a/b", "a\0b", ".hidden", "a".repeat(300)]) {
      assert.equal(await code(store.open(id, SHA512)), "bad_request", JSON.stringify(id));
    }
  });

  it("shows nothing before the commit and nothing after a cancel", async (store) => {
    const first = await put(store, "img-1", random(10));
    const url = first.replaceAll("img-1", "img-2");
    const handle = await store.open("img-2", SHA512);
    await handle.pipe(sent(random(100)));
    assert.equal(await code(store.read(url)), "store_not_found");
    assert.equal(await code(store.size(url)), "store_not_found");
    await handle.cancel();
    await handle.cancel();
    assert.equal(await code(store.read(url)), "store_not_found");
    assert.equal(await code(handle.commit()), "internal");
    assert.equal(await put(store, "img-2", random(5)), url);
  });

  it("a cancel while data comes ends the pipe and leaves nothing", async (store) => {
    const handle = await store.open("img-1", SHA512);
    const body = forked();
    const piped = handle.pipe(body.stream);
    await body.push(random(300_000));
    await Promise.all([handle.cancel(), assert.rejects(piped)]);
    assert.ok(await body.cancelled, "the body was not cancelled");
    assert.equal(await get(store, await put(store, "img-1", random(5))).then((bytes) => bytes.length), 5);
  });

  it("passes the reason of an abort on", async (store) => {
    const reason = new Error("the cap is reached");
    const stop = new AbortController();
    const handle = await store.open("img-1", SHA512);
    const body = forked();
    const piped = handle.pipe(body.stream, stop.signal);
    await body.push(random(300_000));
    stop.abort(reason);
    await assert.rejects(piped, (error) => error === reason);
    assert.equal(await code(handle.commit()), "internal");
    await handle.cancel();
  });

  it("passes the body's own error on", async (store) => {
    const broken = new Error("the client has gone");
    const handle = await store.open("img-1", SHA512);
    const body = forked();
    const piped = handle.pipe(body.stream);
    await body.push(random(300_000));
    body.fail(broken);
    await assert.rejects(piped, (error) => error === broken);
    assert.equal(await code(handle.commit()), "internal");
    await handle.cancel();
    await put(store, "img-1", random(5));
  });

  it("holds the body to its declared size", async (store) => {
    for (
      const [length, message] of [[9, /Size mismatch: expected 10 bytes, got 9 bytes/], [
        12,
        /Size exceeds: expected 10 bytes, got 12 bytes/,
      ]] as const
    ) {
      const handle = await store.open("img-1", { size: 10, algorithm: "sha512" });
      await assert.rejects(handle.pipe(sent(random(length))), (error: Error) => {
        assert.ok(isError(error, "bad_request"));
        assert.match(error.message, message);
        return true;
      });
      await handle.cancel();
    }
  });

  it("never writes over what stands there", async (store) => {
    const bytes = random(1000);
    const url = await put(store, "img-1", bytes);
    assert.equal(await code(put(store, "img-1", random(2000))), "store_duplicate");
    sameBytes(await get(store, url), bytes);
  });

  it("of two writers of one id the first to commit wins, whole", async (store) => {
    const bodies = [random(200_000), random(300_000)];
    const handles = await Promise.all(bodies.map(() => store.open("img-1", SHA512)));
    await Promise.all(handles.map((handle, at) => handle.pipe(sent(bodies[at]!))));
    const ends = await Promise.allSettled(handles.map((handle) => handle.commit()));
    const won = ends.findIndex(({ status }) => status === "fulfilled");
    const lost = ends[1 - won]!;
    assert.ok(lost.status === "rejected" && isError(lost.reason, "store_duplicate"), String(lost.status));
    await handles[1 - won]!.cancel();
    const winner = ends[won] as PromiseFulfilledResult<{ url: string }>;
    sameBytes(await get(store, winner.value.url), bodies[won]!);
  });

  it("a cancel takes a commit back, but nothing that another has put there meanwhile", async (store) => {
    const [first, second] = await Promise.all([store.open("img-1", SHA512), store.open("img-1", SHA512)]);
    await first.pipe(sent(random(100)));
    const { url } = await first.commit();
    await first.cancel();
    assert.equal(await code(store.read(url)), "store_not_found");
    const bytes = random(200);
    await second.pipe(sent(bytes));
    await second.commit();
    await first.cancel();
    sameBytes(await get(store, url), bytes);
  });

  it("discards what uploads of an image left, finished or not, and nothing of others", async (store) => {
    const url = await put(store, "img-1", random(100));
    const other = await put(store, "img-1.x", random(10));
    const body = forked();
    const unfinished = await store.open("img-2", SHA512);
    const piped = unfinished.pipe(body.stream);
    await body.push(random(300_000));
    assert.equal((await store.discard("img-1")).length, 1);
    assert.deepEqual(await store.discard("img-1"), []);
    assert.equal(await code(store.read(url)), "store_not_found");
    assert.equal((await get(store, other)).length, 10);
    assert.equal((await store.discard("img-2")).length, 1);
    body.close();
    // The uploader that was thought dead cannot finish any more; it may learn it here or there.
    await code(piped);
    assert.notEqual(await code(unfinished.commit()), "none");
    await unfinished.cancel();
    await put(store, "img-2", random(5));
  });

  it("reads back what is written, for inspection", async (store) => {
    const bytes = random(600_000);
    const handle = await store.open("img-1", SHA512);
    const body = forked();
    const piped = handle.pipe(body.stream);
    await body.push(bytes.slice(0, 400_000));
    const early = await handle.peek(300_000, 300_000);
    assert.equal(early, null);
    await body.push(bytes.slice(400_000));
    body.close();
    await piped;
    const [front, back] = await Promise.all([handle.peek(0, 64), handle.peek(599_990, 100)]);
    if (front !== null) {
      assert.deepEqual(front, bytes.slice(0, 64));
      assert.deepEqual(back, bytes.slice(599_990));
    }
    sameBytes(await get(store, (await handle.commit()).url), bytes);
  });

  it("reads ranges", async (store) => {
    const bytes = random(2_000_000);
    const url = await put(store, "img-1", bytes);
    if (!store.randomRead) {
      return assert.equal(await code(store.read(url, { offset: 1 })), "store_random_get_not_supported");
    }
    for (
      const [offset, length] of [[0, 10], [1_999_999, 1], [5, 1_500_000], [1_000_000, undefined], [7, 0]]
    ) {
      const read = await store.read(url, { offset: offset!, length });
      const wanted = bytes.slice(offset, length === undefined ? undefined : offset! + length);
      assert.equal(read.length, wanted.length);
      assert.equal(read.size, bytes.length);
      sameBytes(await new Response(read.body).bytes(), wanted);
    }
  });

  it("a read may be given up", async (store) => {
    const url = await put(store, "img-1", random(3_000_000));
    for (const range of store.randomRead ? [undefined, { offset: 1000 }] : [undefined]) {
      const reader = (await store.read(url, range)).body.getReader();
      assert.ok(!(await reader.read()).done);
      await reader.cancel();
    }
  });

  it("deletes, and says so when there is nothing", async (store) => {
    const url = await put(store, "img-1", random(1000));
    await store.delete(url);
    assert.equal(await code(store.delete(url)), "store_not_found");
    assert.equal(await code(store.read(url)), "store_not_found");
    assert.equal(await code(store.size(url)), "store_not_found");
    await put(store, "img-1", random(10));
  });

  it("refuses locations that it cannot understand", async (store) => {
    for (const url of ["nonsense", `${store.schemes[0]}://`]) {
      assert.equal(await code(store.read(url)), "store_bad_uri", url);
      assert.equal(await code(store.delete(url)), "store_bad_uri", url);
    }
  });

  it("a commit needs a whole body", async (store) => {
    const handle = await store.open("img-1", SHA512);
    assert.equal(await code(handle.commit()), "internal");
    assert.equal(await code(handle.digests()), "internal");
    await handle.cancel();
  });

  it("takes many at a time", async (store) => {
    const bodies = Array.from({ length: 12 }, (_, at) => random(at % 3 === 0 ? 5_000_000 : 10_000 + at));
    const urls = await Promise.all(bodies.map((bytes, at) => put(store, `img-${at}`, bytes)));
    for (const [at, url] of urls.entries()) sameBytes(await get(store, url), bodies[at]!);
  });
}
