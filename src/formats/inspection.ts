/** What looking at the bytes of an image tells (spec/background-jobs.md §8). */

/**
 * A source of bytes that can be looked at out of order: exactly `length` bytes from `offset`, or null when not
 * all of them are there.
 */
export type Peek = (offset: number, length: number) => Promise<Uint8Array | null>;

/** A safety check that the image failed. */
export interface FailedCheck {
  /** The name of the check: `backing_file`, `data_file`, `unknown_features`, `banned`, `descriptor`, `footer`, `mbr`, `version`. */
  check: string;
  reason: string;
}

/** What one detector found; it answers null when the bytes are not of its format. */
export interface FormatResult {
  /** Glance's name of the format. */
  format: string;
  /** What kind of that format, for people: `version 3`, `streamoptimized`; null = nothing to add. */
  variant: string | null;
  /** Size when expanded, in bytes; null = not known. */
  virtualSize: number | null;
  /** Failed safety checks; empty = safe. */
  failures: FailedCheck[];
  /** Why the file could not be read to the end of what its format needs; null = it could. */
  incomplete: string | null;
  /** Of `gpt` without a sound partition table: what such a first sector belongs to; absent = to nothing known. */
  bootSector?: string;
}

/** The whole finding of `inspect`. */
export interface Inspection {
  /**
   * The detected format: `raw` when none matched, `iso` for an ISO with a partition table in front, the names
   * joined by commas for any other polyglot.
   */
  format: string;
  /** Every format whose signature matched; more than one means a polyglot. */
  matches: string[];
  /** The kind of that format, for people; null = nothing to add. */
  variant: string | null;
  /** Number of bytes of the image data. */
  size: number;
  /** Size when expanded, in bytes; null = not known. */
  virtualSize: number | null;
  /** Failed safety checks by name with the reason; empty = safe. */
  failures: FailedCheck[];
  /** As in `FormatResult`, where nothing but `gpt` matched: the data needs no partition table. */
  bootSector?: string;
  /** Why the data ended, or broke its format's rules, before all that is needed was read; null = it did not. */
  incomplete: string | null;
  /** Why the inspection itself did not come to its end (for example an I/O error); null = it did. */
  crashed: string | null;
  /** Observations that change nothing, for logs and people. */
  notes: string[];
}
