/** Decompression bombs of any size; their plain data is zeros. */
import { Buffer } from "node:buffer";
import { constants, crc32, deflateRawSync, gzipSync } from "node:zlib";

export const KINDS = ["gzip", "bzip2", "xz", "zstd", "zip"] as const;

/** Plain bytes in one part of a bomb; bombs are whole numbers of parts. */
const PART = 256 << 20;

/** Returns a function that makes bombs of `kind`; compresses the costly part only once. Needs Debian's bzip2 and xz-utils. */
export async function bombMaker(
  kind: typeof KINDS[number],
): Promise<(bytes: number) => Uint8Array<ArrayBuffer>> {
  const times = (part: Uint8Array) => (bytes: number) => repeat(part, bytes / PART);
  switch (kind) {
    case "gzip":
      return times(gzipSync(new Uint8Array(PART)));
    case "bzip2":
    case "xz":
      return times(await pipeZeros(kind));
    case "zstd":
      return (bytes) => join(ZSTD_HEAD, repeat(ZSTD_BLOCK, bytes / ZSTD_BLOCK_BYTES), ZSTD_END);
    case "zip": {
      const part = deflateRawSync(new Uint8Array(PART), { finishFlush: constants.Z_FULL_FLUSH });
      // An empty last block ends the stream.
      return (bytes) => zip(join(repeat(part, bytes / PART), new Uint8Array([3, 0])), bytes);
    }
  }
}

/** A small xz stream whose header asks for a dictionary of 128 MiB. */
export async function greedyXz(): Promise<Uint8Array<ArrayBuffer>> {
  const xz = await pipeZeros("xz", 1 << 20);
  // Block header: size, flags, filter 0x21, length of its properties, dictionary, padding, checksum.
  const size = (xz[12]! + 1) * 4;
  xz[16] = 30;
  new DataView(xz.buffer).setUint32(12 + size - 4, crc32(xz.subarray(12, 12 + size - 4)), true);
  return xz;
}

/** A small zstd frame that asks for a window of 1.9 GiB, the largest that the library accepts. */
export function greedyZstd(): Uint8Array<ArrayBuffer> {
  return join(ZSTD_MAGIC, new Uint8Array([0, 20 << 3 | 7]), repeat(ZSTD_BLOCK, 4), ZSTD_END);
}

const ZSTD_MAGIC = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd]);
/** No flags; a window of 8 MiB. */
const ZSTD_HEAD = join(ZSTD_MAGIC, new Uint8Array([0, 13 << 3]));
const ZSTD_BLOCK_BYTES = 128 * 1024;
/** A run-length block: four bytes for 128 KiB. */
const ZSTD_BLOCK = new Uint8Array([1 << 1, ZSTD_BLOCK_BYTES >> 5 & 0xff, ZSTD_BLOCK_BYTES >> 13, 0]);
const ZSTD_END = new Uint8Array([1, 0, 0]);

async function pipeZeros(command: string, bytes = PART): Promise<Uint8Array<ArrayBuffer>> {
  const script = `head -c ${bytes} /dev/zero | ${command} -1 -c`;
  const { code, stdout } = await new Deno.Command("sh", { args: ["-c", script], stderr: "inherit" }).output();
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return stdout;
}

/** A zip archive of one deflated member, as far as a one-pass reader needs it; no test reads as far as its checksum. */
function zip(deflated: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode("disk.raw");
  const head = new DataView(new ArrayBuffer(30 + name.length + 20));
  head.setUint32(0, 0x04034b50, true);
  head.setUint16(4, 45, true);
  head.setUint16(8, 8, true);
  head.setUint32(18, 0xffffffff, true);
  head.setUint32(22, 0xffffffff, true);
  head.setUint16(26, name.length, true);
  head.setUint16(28, 20, true);
  new Uint8Array(head.buffer).set(name, 30);
  const sizes = 30 + name.length;
  head.setUint16(sizes, 1, true);
  head.setUint16(sizes + 2, 16, true);
  head.setBigUint64(sizes + 4, BigInt(bytes), true);
  head.setBigUint64(sizes + 12, BigInt(deflated.length), true);
  return join(new Uint8Array(head.buffer), deflated);
}

function repeat(part: Uint8Array, times: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.alloc(part.length * times, part));
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
