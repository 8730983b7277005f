/**
 * bzip2 by the decoder inside unbzip2-stream. Its stream keeps a whole block as an array of numbers, and all blocks
 * that a piece of input holds at once: 45 bytes become 370 MiB of memory. Its decoder takes one byte after the other.
 */
import bitIterator from "unbzip2-stream/lib/bit_iterator.js";
import decoder from "unbzip2-stream/lib/bzip2.js";

/** Bytes read, and given away, at once. */
const PIECE = 64 * 1024;

interface Decoder {
  /** Hundreds of thousands of bytes in a block. Throws when no bzip2 stream begins here. */
  header(bits: Bits): number;
  /** Decodes one block; the checksum so far, or null when it was the end of a stream. */
  decompress(
    bits: Bits,
    emit: (byte: number) => void,
    work: Int32Array,
    size: number,
    checksum: number,
  ): number | null;
}

/** A reader of bits. */
type Bits = { (count: number | null): number; bytesRead: number };

/** Gives the plain bytes of a file of one or more bzip2 streams to `emit`; a piece is good until `emit` returns. */
export function unpackBzip2(file: Deno.FsFile, emit: (piece: Uint8Array) => void): void {
  const bits: Bits = bitIterator(() => readPiece(file));
  const total = file.statSync().size;
  const { header, decompress } = decoder as Decoder;
  const plain = new Uint8Array(PIECE);
  let filled = 0;
  const flush = () => {
    if (filled > 0) emit(plain.subarray(0, filled));
    filled = 0;
  };
  const take = (byte: number) => {
    plain[filled++] = byte;
    if (filled === PIECE) flush();
  };
  while (bits.bytesRead < total) {
    const size = 100_000 * header.call(decoder, bits);
    const work = new Int32Array(size);
    let checksum: number | null = 0;
    while (checksum !== null) checksum = decompress.call(decoder, bits, take, work, size, checksum);
  }
  flush();
}

function readPiece(file: Deno.FsFile): Uint8Array {
  const piece = new Uint8Array(PIECE);
  const read = file.readSync(piece);
  if (read === null) throw new Error("the data ends too early");
  return piece.subarray(0, read);
}
