/** Rows as records, in the one place where the type of a row is taken on trust. */
import type { Row } from "./conn.ts";

/**
 * What a statement selected, as `T`. The caller guarantees it: the select list gives every field of `T` under the
 * field's name, and `T` has for each the type that the engine hands out: text, a number or null, as the column has it
 * (tests/unit/db_schema.test.ts compares the columns with the schema). Booleans and JSON are none of these; the caller
 * leaves them out of `T` and puts them in itself.
 */
export function rowAs<T extends object>(row: object): T {
  return row as T;
}

/** The same for every row. */
export function rowsAs<T extends object>(rows: readonly Row[]): T[] {
  return rows.map((row) => rowAs<T>(row));
}

/**
 * A document as it is stored in one of upstream's tables: characters beyond the basic plane are escaped, as upstream
 * does, because MariaDB's utf8mb3 cannot hold them.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\ud800-\udfff]/g,
    (half) => `\\u${half.charCodeAt(0).toString(16)}`,
  );
}
