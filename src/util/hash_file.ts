import { createHash } from "node:crypto";

/** Bytes hashed before yielding to the event loop: half a millisecond of md5. */
const BLOCK = 256 * 1024;

/** Hashes a small file in this thread; hex digests in the order of `algorithms` (node:crypto names). */
export async function hashFile(path: string, algorithms: readonly string[]): Promise<string[]> {
  const hashes = algorithms.map((algorithm) => createHash(algorithm));
  using file = await Deno.open(path, { read: true });
  const block = new Uint8Array(BLOCK);
  for (let got = await file.read(block); got !== null; got = await file.read(block)) {
    const bytes = block.subarray(0, got);
    hashes.forEach((hash) => hash.update(bytes));
  }
  return hashes.map((hash) => hash.digest("hex"));
}
