/** What the hash pool says to a worker. Sizes are bytes of the file that may be read. */
export type HashRequest =
  | { kind: "start"; id: number; path: string; algorithm: string }
  | { kind: "grown"; id: number; size: number }
  | { kind: "finish"; id: number; size: number }
  | { kind: "cancel"; id: number };

/** What a worker answers: the digest in hex, or why there is none. */
export type HashReply = { id: number; digest: string } | { id: number; error: string };
