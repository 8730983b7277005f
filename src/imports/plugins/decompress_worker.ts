/** Decompresses one file in a thread of its own: the work is all CPU. Ended from outside by `terminate`. */
import { type ErrorCode, fail, isError } from "../../errors.ts";
import { writeError } from "../../stores/file_disk.ts";
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

/** Bytes so far, bytes at the end, or why it came to no end: `code` is of the closed list of errors. */
export type DecompressReply = { written: number } | { size: number } | { code: ErrorCode; message: string };

/** Bytes between two progress reports of the thread. */
const REPORT = 64 * 1024 * 1024;
/** Below this size a high ratio is harmless. */
const FREE = 64 * 1024 * 1024;

const scope = self as unknown as DedicatedWorkerGlobalScope & { postMessage(reply: DecompressReply): void };

interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<DecompressRequest>) => void) | null;
}

scope.onmessage = async ({ data }) => {
  try {
    scope.postMessage({ size: await run(data) });
  } catch (error) {
    scope.postMessage(refusalOf(error));
  }
};

/** Whatever the libraries throw is a fault of the data. */
function refusalOf(error: unknown): { code: ErrorCode; message: string } {
  if (isError(error)) return { code: error.code, message: error.message };
  return { code: "bad_request", message: cannot(error instanceof Error ? error.message : String(error)) };
}

function cannot(reason: string): string {
  return `The data cannot be decompressed: ${reason}`;
}

async function run({ kind, from, to, maxBytes, maxRatio }: DecompressRequest): Promise<number> {
  const source = await Deno.open(from, { read: true });
  const compressed = (await source.stat()).size;
  const limit = Math.min(maxBytes, maxRatio > 0 ? Math.max(FREE, compressed * maxRatio) : maxBytes);
  using target = await Deno.open(to, { write: true, create: true, truncate: true });
  let size = 0;
  let reported = 0;
  await decompress(kind, source, (piece) => {
    size += piece.length;
    if (size > limit) fail("too_large", cannot(`the data is larger than ${limit} bytes when decompressed`));
    writeAll(target, piece);
    if (size - reported < REPORT) return;
    reported = size;
    scope.postMessage({ written: size });
  });
  return size;
}

function writeAll(file: Deno.FsFile, chunk: Uint8Array): void {
  try {
    for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
  } catch (error) {
    throw writeError(error);
  }
}
