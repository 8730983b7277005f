/**
 * Refuses zstd data that asks for a larger window than the `zstd` command allows by default. A decoder takes
 * the window's memory before it has seen any data, and a frame of a few bytes can claim 2 GiB. Format: RFC 8878 §3.1.
 */

/** Bytes; the command's `--memory` default. */
const MAX_WINDOW = 128 * 1024 * 1024;

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

type Step = "magic" | "descriptor" | "header" | "block" | "length";

/** Looks at every frame header of data that comes in pieces of any length. */
export class ZstdWindows {
  #step: Step = "magic";
  /** Bytes gathered for the step. */
  readonly #field = new Uint8Array(14);
  #have = 0;
  #need = 4;
  /** Bytes that follow and do not matter. */
  #skip = 0;
  #descriptor = 0;

  /** Throws for a window that is too large; data that is not zstd passes, and the decoder refuses it. */
  check(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, piece.length - at);
        this.#skip -= passed;
        at += passed;
        continue;
      }
      this.#field[this.#have++] = piece[at++]!;
      if (this.#have === this.#need) this.#take();
    }
  }

  #take(): void {
    const field = new DataView(this.#field.buffer, 0, this.#need);
    switch (this.#step) {
      case "magic": {
        const magic = field.getUint32(0, true);
        if (magic === MAGIC) return this.#next("descriptor", 1);
        if ((magic & 0xfffffff0) === SKIPPABLE) return this.#next("length", 4);
        return this.#next("magic", 4, Infinity);
      }
      case "length":
        return this.#next("magic", 4, field.getUint32(0, true));
      case "descriptor":
        this.#descriptor = field.getUint8(0);
        return this.#next("header", headerBytes(this.#descriptor));
      case "header":
        if (windowOf(this.#descriptor, field) > MAX_WINDOW) {
          throw new Error(`a zstd window of more than ${MAX_WINDOW} bytes`);
        }
        return this.#next("block", 3);
      case "block": {
        const head = field.getUint16(0, true) | field.getUint8(2) << 16;
        // A run-length block holds one byte, whatever size it has.
        const size = (head >> 1 & 3) === 1 ? 1 : head >> 3;
        if ((head & 1) === 0) return this.#next("block", 3, size);
        return this.#next("magic", 4, size + (this.#descriptor & 4));
      }
    }
  }

  #next(step: Step, need: number, skip = 0): void {
    this.#step = step;
    this.#need = need;
    this.#have = 0;
    this.#skip = skip;
  }
}

const isSingle = (descriptor: number) => (descriptor & 0x20) !== 0;

/** Bytes of the header behind its descriptor: window, dictionary, size of the content. */
function headerBytes(descriptor: number): number {
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  return (isSingle(descriptor) ? 0 : 1) + dictionary + contentBytes(descriptor);
}

function contentBytes(descriptor: number): number {
  return [isSingle(descriptor) ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
}

/** The window that a header asks for, in bytes; in a frame of one segment that is its whole content. */
function windowOf(descriptor: number, header: DataView): number {
  if (!isSingle(descriptor)) {
    const base = 2 ** (10 + (header.getUint8(0) >> 3));
    return base + base / 8 * (header.getUint8(0) & 7);
  }
  const at = header.byteLength - contentBytes(descriptor);
  switch (contentBytes(descriptor)) {
    case 1:
      return header.getUint8(at);
    case 2:
      return header.getUint16(at, true) + 256;
    case 4:
      return header.getUint32(at, true);
    default:
      return Number(header.getBigUint64(at, true));
  }
}
