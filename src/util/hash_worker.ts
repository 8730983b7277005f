/// <reference lib="deno.worker" />
/**
 * A worker that hashes growing files. It takes turns with one block of each, so that a slow upload does not delay the
 * others.
 */
import { createHash, type Hash } from "node:crypto";
import type { HashReply, HashRequest } from "./hash_pool.ts";

/** Bytes hashed per turn of a file: 2 ms of md5. */
const BLOCK = 1 << 20;

interface Job {
  file: Deno.FsFile;
  hash: Hash;
  /** Bytes hashed. */
  done: number;
  /** Bytes available. */
  grown: number;
  /** Whether `grown` is the final size. */
  final: boolean;
}

const jobs = new Map<number, Job>();
const block = new Uint8Array(BLOCK);
let running = false;

function reply(answer: HashReply): void {
  self.postMessage(answer);
}

function drop(id: number): void {
  jobs.get(id)?.file.close();
  jobs.delete(id);
}

/** Hashes the next block of a job; answers and drops the job after the last one. */
async function step(id: number, job: Job): Promise<void> {
  const want = Math.min(BLOCK, job.grown - job.done);
  if (want > 0) {
    const got = await job.file.read(block.subarray(0, want));
    if (!jobs.has(id)) return;
    if (got === null) throw new Error(`the file ended at ${job.done} of ${job.grown} bytes`);
    job.hash.update(block.subarray(0, got));
    job.done += got;
  }
  if (job.final && job.done === job.grown) {
    reply({ id, digest: job.hash.digest("hex") });
    drop(id);
  }
}

/** Takes turns with the jobs until none has bytes to hash. */
async function run(): Promise<void> {
  if (running) return;
  running = true;
  for (let busy = true; busy;) {
    busy = false;
    for (const [id, job] of jobs) {
      if (job.done === job.grown && !job.final) continue;
      busy = true;
      try {
        await step(id, job);
      } catch (error) {
        reply({ id, error: String(error) });
        if (jobs.has(id)) drop(id);
      }
    }
  }
  running = false;
}

self.onmessage = (event: MessageEvent<HashRequest>) => {
  const request = event.data;
  if (request.kind === "start") {
    try {
      const hash = createHash(request.algorithm);
      const file = Deno.openSync(request.path, { read: true });
      jobs.set(request.id, { file, hash, done: 0, grown: 0, final: false });
    } catch (error) {
      reply({ id: request.id, error: String(error) });
    }
    return;
  }
  const job = jobs.get(request.id);
  if (job === undefined) return;
  if (request.kind === "cancel") return drop(request.id);
  job.grown = request.size;
  job.final = request.kind === "finish";
  run();
};
