/** Decompresses one file in a thread of its own: the work is all CPU. Ended from outside by `terminate`. */
import type { Compression } from "./compression.ts";
import { decompress } from "./decompressors.ts";

export interface DecompressRequest {
  kind: Compression;
  from: string;
  to: string;
  /** Largest plain size, in bytes. */
  maxBytes: number;
  /** Largest plain size as a multiple of the compressed one. */
  maxRatio: number;
}

export type DecompressReply = { written: number } | { size: number } | { error: string };

/** How often the thread tells how far it is, in bytes. */
const REPORT = 64 * 1024 * 1024;
/** Below this size a high ratio harms nobody. */
const FREE = 64 * 1024 * 1024;

const scope = self as unknown as DedicatedWorkerGlobalScope & { postMessage(reply: DecompressReply): void };

interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<DecompressRequest>) => void) | null;
}

scope.onmessage = async ({ data }) => {
  try {
    scope.postMessage({ size: await run(data) });
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};

async function run({ kind, from, to, maxBytes, maxRatio }: DecompressRequest): Promise<number> {
  const source = await Deno.open(from, { read: true });
  const compressed = (await source.stat()).size;
  const limit = Math.min(maxBytes, maxRatio > 0 ? Math.max(FREE, compressed * maxRatio) : maxBytes);
  using target = await Deno.open(to, { write: true, create: true, truncate: true });
  let size = 0;
  let told = 0;
  await decompress(kind, source, (piece) => {
    size += piece.length;
    if (size > limit) throw new Error(`the data is larger than ${limit} bytes when decompressed`);
    writeAll(target, piece);
    if (size - told < REPORT) return;
    told = size;
    scope.postMessage({ written: size });
  });
  return size;
}

function writeAll(file: Deno.FsFile, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
}
