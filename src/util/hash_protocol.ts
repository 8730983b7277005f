/** A message of the hash pool to a worker. Sizes are bytes of the file that the worker may read. */
export type HashRequest =
  | { kind: "start"; id: number; path: string; algorithm: string }
  | { kind: "grown"; id: number; size: number }
  | { kind: "finish"; id: number; size: number }
  | { kind: "cancel"; id: number };

/** The answer of a worker: the digest in hex, or the error. */
export type HashReply = { id: number; digest: string } | { id: number; error: string };
