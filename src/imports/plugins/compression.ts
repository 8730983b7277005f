/** Compression formats by their first bytes (docs/reference/background-jobs.md §4.2, plugin image_decompression). */

export type Compression = "gzip" | "xz" | "bzip2" | "zstd" | "zip";

const MAGIC: [Compression, readonly number[]][] = [
  ["gzip", [0x1f, 0x8b, 0x08]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
];

/** Bytes that `compressionOf` wants to see. */
export const MAGIC_LENGTH = 6;

/** The compression that data beginning with `head` has, or null. */
export function compressionOf(head: Uint8Array): Compression | null {
  const found = MAGIC.find(([, magic]) => magic.every((byte, index) => head[index] === byte));
  return found ? found[0] : null;
}
