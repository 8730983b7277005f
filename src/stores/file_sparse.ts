import { Buffer } from "node:buffer";

/** Aligned blocks of this many zero bytes become holes. */
const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);

/**
 * Writes `piece` at `offset`, leaving holes for blocks of zeros (`filesystem_thin_provisioning`). The length of the file
 * is correct afterwards, also if it ends in a hole.
 */
export async function writeSparse(file: Deno.FsFile, offset: number, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) {
    const next = Math.min(piece.length, at + BLOCK - (offset + at) % BLOCK);
    const block = piece.subarray(at, next);
    if (isZero(block)) {
      await file.truncate(offset + next);
      await file.seek(offset + next, Deno.SeekMode.Start);
    } else {
      for (let done = 0; done < block.length;) done += await file.write(block.subarray(done));
    }
    at = next;
  }
}

function isZero(block: Uint8Array): boolean {
  return ZEROS.subarray(0, block.length).equals(block);
}
