/**
 * bzip2 by seek-bzip, which takes and gives one byte after the other: it holds one block, whatever the data would
 * become.
 */
import Bunzip from "seek-bzip";

/** Bytes read, and given away, at once. */
const PIECE = 64 * 1024;

/** What is used of the library, which comes without types. */
interface Library {
  /** Decodes one stream; throws for damaged data and for a wrong checksum. */
  decode(
    input: { readByte(): number; read(into: Uint8Array, at: number, length: number): number },
    output: { writeByte(byte: number): void },
  ): void;
}

/** Gives the plain bytes of a file of one or more bzip2 streams to `emit`; a piece is good until `emit` returns. */
export function unpackBzip2(file: Deno.FsFile, emit: (piece: Uint8Array) => void): void {
  const input = new Input(file);
  const plain = new Uint8Array(PIECE);
  let filled = 0;
  const output = {
    writeByte(byte: number) {
      plain[filled++] = byte;
      if (filled < PIECE) return;
      emit(plain);
      filled = 0;
    },
  };
  do (Bunzip as Library).decode(input, output); while (!input.atEnd());
  if (filled > 0) emit(plain.subarray(0, filled));
}

/** A file, byte by byte. It has no `eof`, at which the library would take data that is cut for complete. */
class Input {
  readonly #file: Deno.FsFile;
  readonly #piece = new Uint8Array(PIECE);
  #at = 0;
  #have = 0;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  atEnd(): boolean {
    if (this.#at < this.#have) return false;
    this.#have = this.#file.readSync(this.#piece) ?? 0;
    this.#at = 0;
    return this.#have === 0;
  }

  readByte(): number {
    if (this.atEnd()) throw new Error("the data ends too early");
    return this.#piece[this.#at++]!;
  }

  /** The library reads the four bytes of a stream's beginning so. */
  read(into: Uint8Array, at: number, length: number): number {
    for (let done = 0; done < length; done++) into[at + done] = this.readByte();
    return length;
  }
}
