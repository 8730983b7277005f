/** The operations of a PATCH document once its dialect is parsed (docs/reference/images-api.md §5). */

/** One operation. `path` has one segment, except for `locations`. */
export interface Operation {
  op: "add" | "replace" | "remove";
  path: string[];
  /** Absent for remove. */
  value?: unknown;
  /** Of the old draft, where `add` refuses what is there. */
  old: boolean;
}
