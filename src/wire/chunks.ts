/** Bodies in chunks (RFC 9112 §7.1), byte by byte: chunks of one byte cost little more than others. */
import { Refused } from "./head.ts";

/** The longest line before a chunk, and all trailers together, in bytes; what they say is dropped. */
const LINE = 1024;
const TRAILERS = 16 * 1024;

const CR = 13;
const LF = 10;

/** Where the next byte stands. */
type Place =
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer"
  | "trailer-lf"
  | "end";

/** Takes a body in chunks apart. */
export class Chunks {
  #place: Place = "size";
  /** Bytes of this chunk that are still to come. */
  #left = 0;
  /** Digits of its size, or bytes of the line, so far. */
  #count = 0;
  #trailers = 0;

  /** All of the body, with its trailers, has been taken. */
  get ended(): boolean {
    return this.#place === "end";
  }

  /** Bytes that come next and are data. */
  get data(): number {
    return this.#place === "data" ? this.#left : 0;
  }

  /** `count` of those were taken by somebody else. */
  skip(count: number): void {
    this.#left -= count;
    if (this.#left === 0) this.#place = "data-cr";
  }

  /**
   * Takes bytes of `from` until it is used up, `into` is full or the body ends. Gives the number of bytes taken and
   * of those put into `into`. Errors: Refused.
   */
  decode(from: Uint8Array, into: Uint8Array): { taken: number; given: number } {
    let taken = 0;
    let given = 0;
    while (taken < from.length && this.#place !== "end") {
      if (this.#place !== "data") {
        this.#step(from[taken++]!);
        continue;
      }
      const size = Math.min(this.#left, from.length - taken, into.length - given);
      if (size === 0) break;
      // A view of a byte costs more than the byte.
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
    switch (this.#place) {
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
        this.#place = this.#left > 0 ? "data" : "trailer";
        return;
      case "data-cr":
        if (byte !== CR) throw new Refused(400, "A chunk is longer than its size says.");
        this.#place = "data-lf";
        return;
      case "data-lf":
        lineFeed(byte);
        this.#place = "size";
        return;
      case "trailer":
        if (byte === CR) this.#place = "trailer-lf";
        else if (byte === LF) lineFeed(byte + 1);
        else if (this.#count++, ++this.#trailers > TRAILERS) {
          throw new Refused(400, "The trailers are too long.");
        }
        return;
      case "trailer-lf":
        lineFeed(byte);
        this.#place = this.#count === 0 ? "end" : "trailer";
        this.#count = 0;
        return;
    }
  }

  /** Blanks and extensions, to the end of the line. */
  #afterSize(byte: number): void {
    if (byte === CR) {
      this.#place = "size-lf";
      return;
    }
    const begins = this.#place === "size" && byte !== 0x3b && byte !== 0x20 && byte !== 9;
    if (begins || byte === LF || ++this.#count > LINE) {
      throw new Refused(400, "The size of a chunk is followed by what is no extension.");
    }
    this.#place = "extension";
  }
}

function lineFeed(byte: number): void {
  if (byte !== LF) throw new Refused(400, "A line of the body in chunks does not end with CR LF.");
}

/** -1 for what is no digit. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
