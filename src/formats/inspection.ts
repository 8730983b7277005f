/** What the detectors of formats work with (docs/reference/background-jobs.md §8): reading under a budget, and findings. */

/** Reads exactly `length` bytes from `offset`, in any order; null if not all of them are available. */
export type Peek = (offset: number, length: number) => Promise<Uint8Array | null>;

/** A safety check that the image failed. */
export interface FailedCheck {
  /** The name of the check: `backing_file`, `data_file`, `unknown_features`, `banned`, `descriptor`, `footer`, `mbr`, `version`. */
  check: string;
  reason: string;
}

/** The finding of one detector, which returns null if the bytes are not of its format. */
export interface FormatResult {
  /** Glance's name of the format. */
  format: string;
  /** Variant of the format, for people: `version 3`, `streamoptimized`; null = none. */
  variant: string | null;
  /** Size when expanded, in bytes; null = unknown. */
  virtualSize: number | null;
  /** Failed safety checks; empty = safe. */
  failures: FailedCheck[];
  /** Why not all that the format requires could be read; null = it could. */
  incomplete: string | null;
  /** For `gpt` without a valid partition table: what the first sector belongs to; absent = unknown. */
  bootSector?: string;
}

/** The result of `inspect`. */
export interface Inspection {
  /**
   * The detected format: `raw` when none matched, `iso` for an ISO with a partition table in front, the names
   * joined by commas for any other polyglot.
   */
  format: string;
  /** Every format whose signature matched; more than one means a polyglot. */
  matches: string[];
  /** Variant of the format, for people; null = none. */
  variant: string | null;
  /** Number of bytes of the image data. */
  size: number;
  /** Size when expanded, in bytes; null = not known. */
  virtualSize: number | null;
  /** Failed safety checks by name with the reason; empty = safe. */
  failures: FailedCheck[];
  /** As in `FormatResult`, where nothing but `gpt` matched: the data needs no partition table. */
  bootSector?: string;
  /** Why the data ended, or became invalid, before all that is needed was read; null = it did not. */
  incomplete: string | null;
  /** Why the inspection itself failed (for example an I/O error); null = it did not. */
  crashed: string | null;
  /** Observations without consequences, for logs and people. */
  notes: string[];
}

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

/** A `Peek` over an open file. It moves the file's position, so calls must not overlap. */
export function filePeek(file: Deno.FsFile): Peek {
  return async (offset, length) => {
    await file.seek(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = await file.read(bytes.subarray(filled));
      if (count === null) return null;
      filled += count;
    }
    return bytes;
  };
}

/** Whether `bytes` contains `text` (one byte per character) at `offset`. */
export function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  if (offset + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Returns a DataView over exactly these bytes. */
export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Converts a 64-bit size to a number; null if it is negative or beyond exact numbers (8 PiB). */
export function toSize(value: bigint): number | null {
  return value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : null;
}
