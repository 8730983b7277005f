/**
 * The worker modules, by name. This file is at the root so that the same relative addresses are valid in the sources
 * and in the executable, where `tools/compile.ts` puts each bundle under its own name.
 */
export const WORKERS = {
  /** The only writer of the embedded database. */
  dbWriter: new URL("./db/writer_worker.ts", import.meta.url),
  /** Hashes a file while it grows. */
  hash: new URL("./src/util/hash_worker.ts", import.meta.url),
  /** Decompresses imported data. */
  decompress: new URL("./src/imports/plugins/decompress_worker.ts", import.meta.url),
} as const;
