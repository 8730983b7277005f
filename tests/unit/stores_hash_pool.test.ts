import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { HashPool } from "../../src/util/hash_pool.ts";
import { nodeAlgorithm } from "../../src/util/hash_algorithm.ts";

const WORKER = new URL("../../src/util/hash_worker.ts", import.meta.url);
const hex = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest("hex");

async function withPool(
  limit: number,
  run: (pool: HashPool, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const pool = new HashPool(WORKER, limit);
  try {
    await run(pool, folder);
  } finally {
    pool.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("hash pool: a file is hashed while it grows, with all algorithms", () =>
  withPool(2, async (pool, folder) => {
    const bytes = randomBytes(5_000_000);
    const path = `${folder}/growing`;
    using file = await Deno.open(path, { write: true, createNew: true });
    const job = pool.start(path, ["md5", "sha512", "sha3-256"]);
    for (let at = 0; at < bytes.length; at += 1_250_000) {
      await file.write(bytes.subarray(at, at + 1_250_000));
      job.grown(at + 1_250_000);
    }
    const digests = await job.finish(bytes.length);
    assert.deepEqual(digests, [hex("md5", bytes), hex("sha512", bytes), hex("sha3-256", bytes)]);
  }));

Deno.test("hash pool: files that stand still do not hold the workers from others", () =>
  withPool(1, async (pool, folder) => {
    const path = `${folder}/file`;
    const bytes = randomBytes(3_000_000);
    await Deno.writeFile(path, bytes);
    const slow = Array.from({ length: 10 }, () => pool.start(path, ["md5", "sha512"]));
    slow.forEach((job) => job.grown(1000));
    const quick = Array.from({ length: 5 }, () => pool.start(path, ["sha256"]));
    const ends = await Promise.all(quick.map((job) => job.finish(bytes.length)));
    assert.deepEqual(ends, Array(5).fill([hex("sha256", bytes)]));
    const later = await Promise.all(slow.map((job) => job.finish(2000)));
    const front = bytes.subarray(0, 2000);
    assert.deepEqual(later, Array(10).fill([hex("md5", front), hex("sha512", front)]));
  }));

Deno.test("hash pool: nothing, a missing file, a file that is too short, an unknown hash", () =>
  withPool(2, async (pool, folder) => {
    const path = `${folder}/file`;
    await Deno.writeFile(path, new Uint8Array(10));
    assert.deepEqual(await pool.start(path, ["md5"]).finish(0), [hex("md5", new Uint8Array())]);
    const internal = (message: RegExp) => ({ code: "internal", message });
    await assert.rejects(pool.start(`${folder}/none`, ["md5"]).finish(1), internal(/No such file/));
    await assert.rejects(pool.start(path, ["md5"]).finish(11), internal(/ended at 10 of 11/));
    await assert.rejects(pool.start(path, ["nohash"]).finish(10), internal(/could not be hashed/));
    assert.deepEqual(await pool.start(path, ["md5"]).finish(10), [hex("md5", new Uint8Array(10))]);
  }));

Deno.test("hash pool: a cancelled job is rejected and forgotten, and so are all at the close", async () => {
  let pending: Promise<unknown> | undefined;
  await withPool(2, async (pool, folder) => {
    const path = `${folder}/file`;
    await Deno.writeFile(path, new Uint8Array(10));
    const job = pool.start(path, ["md5"]);
    const cancelled = assert.rejects(job.finish(1_000_000), { code: "internal" });
    job.cancel();
    job.cancel();
    await cancelled;
    pending = assert.rejects(pool.start(path, ["md5"]).finish(10), /closed/);
  });
  await pending;
});

Deno.test("hash pool: a worker that cannot start fails its jobs, not the process", async () => {
  const pool = new HashPool(new URL("data:text/javascript,throw new Error('broken')"), 1);
  await assert.rejects(pool.start("/dev/null", ["md5"]).finish(1), { code: "internal", message: /broken/ });
  pool.close();
  assert.throws(() => pool.start("/dev/null", ["md5"]), { code: "internal" });
});

Deno.test("hash algorithms: hashlib's names and node's, nothing else", () => {
  const names = { sha512: "sha512", SHA256: "sha256", sha3_256: "sha3-256", blake2b: "blake2b512" };
  for (
    const [name, wanted] of Object.entries({ ...names, "sha512-256": "sha512-256", sha512_256: "sha512-256" })
  ) {
    assert.equal(nodeAlgorithm(name, "x"), wanted);
    assert.equal(hex(nodeAlgorithm(name, "x"), new Uint8Array()).length > 0, true);
  }
  for (const name of ["", "crc32", "shake_128", "constructor"]) {
    assert.throws(() => nodeAlgorithm(name, "os_hash_algo"), {
      code: "bad_request",
      message: /^os_hash_algo: unknown/,
    });
  }
});
