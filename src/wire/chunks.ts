/** Chunked bodies (RFC 9112 §7.1), decoded byte by byte: chunks of one byte cost little more than others. */
import { Refused } from "./head.ts";

/** Longest chunk-size line, and all trailers together, in bytes; extensions and trailers are ignored. */
const LINE = 1024;
const TRAILERS = 16 * 1024;

const CR = 13;
const LF = 10;

/** What the next byte belongs to. */
type State =
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer"
  | "trailer-lf"
  | "end";

/** Decodes a chunked body. */
export class Chunks {
  #state: State = "size";
  /** Bytes of this chunk still to come. */
  #left = 0;
  /** Digits of its size, or bytes of the line, so far. */
  #count = 0;
  #trailers = 0;

  /** Whether all of the body was decoded, with its trailers. */
  get ended(): boolean {
    return this.#state === "end";
  }

  /** Number of data bytes that come next. */
  get data(): number {
    return this.#state === "data" ? this.#left : 0;
  }

  /** Skips `count` of those, which the caller has read itself. */
  skip(count: number): void {
    this.#left -= count;
    if (this.#left === 0) this.#state = "data-cr";
  }

  /**
   * Decodes `from` until it is used up, `into` is full or the body ends. Returns the number of bytes taken and of those
   * written to `into`. Errors: Refused.
   */
  decode(from: Uint8Array, into: Uint8Array): { taken: number; given: number } {
    let taken = 0;
    let given = 0;
    while (taken < from.length && this.#state !== "end") {
      if (this.#state !== "data") {
        this.#step(from[taken++]!);
        continue;
      }
      const size = Math.min(this.#left, from.length - taken, into.length - given);
      if (size === 0) break;
      // Copying a few bytes is cheaper than making views.
      if (size < 16) {
        for (let index = 0; index < size; index++) into[given + index] = from[taken + index]!;
      } else into.set(from.subarray(taken, taken + size), given);
      taken += size;
      given += size;
      this.skip(size);
    }
    return { taken, given };
  }

  #step(byte: number): void {
    switch (this.#state) {
      case "size": {
        const digit = hexDigit(byte);
        if (digit >= 0 && ++this.#count <= 13) this.#left = this.#left * 16 + digit;
        else if (digit >= 0 || this.#count === 0) throw new Refused(400, "A chunk begins without its size.");
        else this.#afterSize(byte);
        return;
      }
      case "extension":
        return this.#afterSize(byte);
      case "size-lf":
        lineFeed(byte);
        this.#count = 0;
        this.#state = this.#left > 0 ? "data" : "trailer";
        return;
      case "data-cr":
        if (byte !== CR) throw new Refused(400, "A chunk is longer than its size says.");
        this.#state = "data-lf";
        return;
      case "data-lf":
        lineFeed(byte);
        this.#state = "size";
        return;
      case "trailer":
        if (byte === CR) this.#state = "trailer-lf";
        else if (byte === LF) lineFeed(byte + 1);
        else if (this.#count++, ++this.#trailers > TRAILERS) {
          throw new Refused(400, "The trailers are too long.");
        }
        return;
      case "trailer-lf":
        lineFeed(byte);
        this.#state = this.#count === 0 ? "end" : "trailer";
        this.#count = 0;
        return;
    }
  }

  /** Skips blanks and extensions, to the end of the line. */
  #afterSize(byte: number): void {
    if (byte === CR) {
      this.#state = "size-lf";
      return;
    }
    const begins = this.#state === "size" && byte !== 0x3b && byte !== 0x20 && byte !== 9;
    if (begins || byte === LF || ++this.#count > LINE) {
      throw new Refused(400, "The size of a chunk is followed by text that is not an extension.");
    }
    this.#state = "extension";
  }
}

function lineFeed(byte: number): void {
  if (byte !== LF) throw new Refused(400, "A line of the chunked body does not end with CR LF.");
}

/** Returns -1 if the byte is not a digit. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
