/** Reads a location once and hashes it (spec/images-api.md §2.10.2). */
import { createHash } from "node:crypto";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Digests } from "../stores/store.ts";
import { nodeAlgorithm } from "../util/hash_algorithm.ts";

/** md5 and the named hash of all bytes, tried up to `http_retries` times. Errors: those of the store's read. */
export async function hashLocation(
  ctx: Ctx,
  url: string,
  algorithm: string,
  signal: AbortSignal,
): Promise<Digests> {
  const attempts = Math.max(1, ctx.deps.config.get("DEFAULT.http_retries"));
  for (let attempt = 1;; attempt++) {
    try {
      return await hashOnce(ctx, url, algorithm, signal);
    } catch (error) {
      if (signal.aborted || attempt >= attempts) throw error;
    }
  }
}

async function hashOnce(ctx: Ctx, url: string, algorithm: string, signal: AbortSignal): Promise<Digests> {
  const store = ctx.deps.stores.forLocation({ url, metadata: {} }) ?? fail("store_unknown_scheme");
  const md5 = createHash("md5");
  const hash = createHash(nodeAlgorithm(algorithm));
  const { body } = await store.read(url);
  const sums = new WritableStream<Uint8Array>({
    write(chunk) {
      md5.update(chunk);
      hash.update(chunk);
    },
  });
  // Ended also while nothing comes: a stop or a deletion must not wait for a web server.
  await body.pipeTo(sums, { signal });
  return { md5: md5.digest("hex"), hash: hash.digest("hex") };
}
