/** What looking at the bytes of an image tells (spec/background-jobs.md §8). */

/** A source of bytes that can be looked at out of order; null = these bytes are not there (yet, or ever). */
export type Peek = (offset: number, length: number) => Promise<Uint8Array | null>;

export interface Inspection {
  /** The detected format, `raw` when none matched. */
  format: string;
  /** Every format whose signature matched; more than one means a polyglot. */
  matches: string[];
  /** Size when expanded, in bytes; null = not known. */
  virtualSize: number | null;
  /** Failed safety checks by name with the reason; empty = safe. */
  failures: { check: string; reason: string }[];
}
