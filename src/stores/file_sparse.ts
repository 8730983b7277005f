import { Buffer } from "node:buffer";

/** Zeros of at least so many bytes, aligned in the file, become a hole. */
const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);

/**
 * Writes `piece` at `offset`, leaving holes where blocks hold only zeros (`filesystem_thin_provisioning`). The file
 * has its right length afterwards also when it ends in a hole.
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
