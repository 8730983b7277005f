import { createHash } from "node:crypto";
import { fail, GlanceError } from "../errors.ts";

/** Hashing of one growing file. */
export interface HashJob {
  /** Reports that the file has `size` bytes so far. */
  grown(size: number): void;
  /** Reports the final `size`; resolves to the digests in the order of the algorithms. Errors: internal. */
  finish(size: number): Promise<string[]>;
  /** Drops the job; a pending `finish` is rejected. */
  cancel(): void;
}

interface Member {
  worker: Worker;
  /** Pending answers by job id. */
  waiting: Map<number, PromiseWithResolvers<string>>;
}

/**
 * Workers that hash files while they are written, by reading them back: the event loop stays free and one upload uses
 * two cores. Starts workers on demand, up to `limit`; more jobs share them.
 */
export class HashPool {
  readonly #url: URL;
  readonly #limit: number;
  readonly #members: Member[] = [];
  #last = 0;
  #closed = false;

  /** `url` is that of hash_worker.ts, given because the bundle keeps it elsewhere. */
  constructor(url: URL, limit: number = Math.min(8, Math.max(2, navigator.hardwareConcurrency))) {
    this.#url = url;
    this.#limit = limit;
  }

  /** Starts the two workers of one upload, so that the first upload does not wait for them. */
  warm(): void {
    while (this.#members.length < Math.min(2, this.#limit)) this.#add();
  }

  /** Starts to hash the existing file at `path` with each of `algorithms` (node:crypto names). */
  start(path: string, algorithms: readonly string[]): HashJob {
    if (this.#closed) fail("internal", "The hash pool is closed.");
    const parts = algorithms.map((algorithm) => {
      const member = this.#choose();
      const id = ++this.#last;
      const answer = Promise.withResolvers<string>();
      // A job may fail before anyone asks for its digest.
      answer.promise.catch(() => {});
      member.waiting.set(id, answer);
      const say = (request: HashRequest) => member.worker.postMessage(request);
      say({ kind: "start", id, path, algorithm });
      return { id, member, answer, say };
    });
    return {
      grown: (size) => parts.forEach((part) => part.say({ kind: "grown", id: part.id, size })),
      finish: (size) => {
        parts.forEach((part) => part.say({ kind: "finish", id: part.id, size }));
        return Promise.all(parts.map((part) => part.answer.promise));
      },
      cancel: () => {
        for (const part of parts) {
          if (!part.member.waiting.delete(part.id)) continue;
          part.say({ kind: "cancel", id: part.id });
          part.answer.reject(new GlanceError("internal", "Hashing was cancelled."));
        }
      },
    };
  }

  /** Ends all workers; jobs in progress are rejected. */
  close(): void {
    this.#closed = true;
    for (const member of this.#members.splice(0)) this.#end(member, "The hash pool is closed.");
  }

  #choose(): Member {
    const least = this.#members.toSorted((a, b) => a.waiting.size - b.waiting.size)[0];
    if (least !== undefined && (least.waiting.size === 0 || this.#members.length >= this.#limit)) {
      return least;
    }
    return this.#add();
  }

  #add(): Member {
    const member: Member = { worker: new Worker(this.#url, { type: "module" }), waiting: new Map() };
    member.worker.onmessage = (event: MessageEvent<HashReply>) => {
      const reply = event.data;
      const answer = member.waiting.get(reply.id);
      member.waiting.delete(reply.id);
      if ("digest" in reply) answer?.resolve(reply.digest);
      else answer?.reject(new GlanceError("internal", `The data could not be hashed: ${reply.error}`));
    };
    member.worker.onerror = (event) => {
      event.preventDefault();
      const at = this.#members.indexOf(member);
      if (at >= 0) this.#members.splice(at, 1);
      this.#end(member, `A hash worker failed: ${event.message}`);
    };
    this.#members.push(member);
    return member;
  }

  #end(member: Member, why: string): void {
    member.worker.terminate();
    for (const answer of member.waiting.values()) answer.reject(new GlanceError("internal", why));
    member.waiting.clear();
  }
}

/** A message of the hash pool to a worker. Sizes are bytes of the file that the worker may read. */
export type HashRequest =
  | { kind: "start"; id: number; path: string; algorithm: string }
  | { kind: "grown"; id: number; size: number }
  | { kind: "finish"; id: number; size: number }
  | { kind: "cancel"; id: number };

/** The answer of a worker: the digest in hex, or the error. */
export type HashReply = { id: number; digest: string } | { id: number; error: string };

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
