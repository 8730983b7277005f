/** Reads a location once and hashes it (spec/images-api.md §2.10.2). */
import { createHash } from "node:crypto";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Digests } from "../stores/store.ts";
import { HASHING_ALGORITHM, nodeAlgorithm } from "../util/hash_algorithm.ts";

/** The data to be hashed. */
export interface Hashed {
  url: string;
  algorithm: string;
  /** Bytes that its server said it has. */
  size: number | null;
}

/**
 * md5 and the named hash of all bytes, tried up to `http_retries` times. Errors: those of the store's read, internal
 * when there are more or fewer bytes than was said.
 */
export async function hashLocation(ctx: Ctx, data: Hashed, signal: AbortSignal): Promise<Digests> {
  const attempts = Math.max(1, ctx.deps.config.get("DEFAULT.http_retries"));
  for (let attempt = 1;; attempt++) {
    try {
      return await hashOnce(ctx, data, signal);
    } catch (error) {
      if (signal.aborted || attempt >= attempts) throw error;
    }
  }
}

async function hashOnce(ctx: Ctx, { url, algorithm, size }: Hashed, signal: AbortSignal): Promise<Digests> {
  const store = ctx.deps.stores.forLocation({ url, metadata: {} }) ?? fail("store_unknown_scheme");
  const md5 = createHash("md5");
  const hash = createHash(nodeAlgorithm(algorithm, HASHING_ALGORITHM));
  const { body } = await store.read(url);
  let bytes = 0;
  const sums = new WritableStream<Uint8Array>({
    write(chunk) {
      md5.update(chunk);
      hash.update(chunk);
      bytes += chunk.length;
    },
  });
  // Ended also while nothing comes: a stop or a deletion must not wait for a web server.
  await body.pipeTo(sums, { signal });
  if (size !== null && bytes !== size) {
    fail("internal", `The data has ${bytes} bytes, and its server said ${size}.`);
  }
  return { md5: md5.digest("hex"), hash: hash.digest("hex") };
}
