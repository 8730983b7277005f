import type { Peek } from "./inspection.ts";

/** More than all detectors together need. */
export const MAX_BYTES_READ = 8 * 1024 * 1024;

/** Longer than the slowest store should take; checked between reads. */
const MAX_MILLISECONDS = 10_000;

/** The first bytes contain the signatures of all formats, up to the ISO descriptor; read once for all detectors. */
const HEAD_LENGTH = 34 * 1024;

/** Thrown if the inspection reads too much or takes too long. */
export class BudgetError extends Error {
  override readonly name = "BudgetError";
}

/** A `Peek` that counts reads, caches the head of the file and refuses reads beyond its limits. */
export class BudgetedPeek {
  /** Bytes requested from the source so far. */
  bytesRead = 0;
  readonly size: number;
  readonly #peek: Peek;
  readonly #deadline: number;
  #head: Promise<Uint8Array | null> | null = null;

  /** @param size the number of bytes of the whole file */
  constructor(peek: Peek, size: number, maxMilliseconds = MAX_MILLISECONDS) {
    this.#peek = peek;
    this.size = size;
    this.#deadline = performance.now() + maxMilliseconds;
  }

  /**
   * Returns exactly `length` bytes from `offset`, or null if they are not all available. Offsets come from hostile headers,
   * so that any number is allowed. Throws BudgetError when a limit is reached.
   */
  async read(offset: number, length: number): Promise<Uint8Array | null> {
    if (!Number.isSafeInteger(offset) || offset < 0 || length < 0 || offset + length > this.size) return null;
    if (offset + length <= HEAD_LENGTH) {
      this.#head ??= this.#fetch(0, Math.min(HEAD_LENGTH, this.size));
      const head = await this.#head;
      return head && head.subarray(offset, offset + length);
    }
    return await this.#fetch(offset, length);
  }

  async #fetch(offset: number, length: number): Promise<Uint8Array | null> {
    if (this.bytesRead + length > MAX_BYTES_READ) {
      throw new BudgetError(`format inspection would read more than ${MAX_BYTES_READ} bytes`);
    }
    if (performance.now() > this.#deadline) throw new BudgetError("format inspection took too long");
    this.bytesRead += length;
    const bytes = await this.#peek(offset, length);
    return bytes && bytes.length === length ? bytes : null;
  }
}
