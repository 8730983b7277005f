import { SETTABLE } from "../columns.ts";
import type { Value } from "../conn.ts";
import type { ImageColumns } from "../records.ts";

/**
 * The columns that `columns` names, with what is stored for them. Unknown names are not written, and an empty
 * owner is none (spec/data-model.md §1.1).
 */
export function columnValues(columns: Partial<ImageColumns>): [name: keyof ImageColumns, value: Value][] {
  return SETTABLE.flatMap((name) => {
    const value = columns[name];
    if (value === undefined) return [];
    return [[name, name === "owner" && value === "" ? null : value] as [keyof ImageColumns, Value]];
  });
}
