/** The findings of format inspection (docs/reference/background-jobs.md §8). */

/**
 * Reads exactly `length` bytes from `offset`, in any order; null if not all of them are available.
 */
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
