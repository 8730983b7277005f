/** The order of a list, and where a page begins in it (spec/images-api.md §4.2, §4.5). */
import { fail } from "../../src/errors.ts";
import type { Conn, Value } from "../conn.ts";
import type { ImageListQuery, SortKey } from "../records.ts";
import { type Sql, sql } from "../sql.ts";
import { KEYS } from "./list_conditions.ts";

export interface Order {
  key: SortKey;
  dir: "asc" | "desc";
}

/** The terms that decide: an id is unique, what comes after it cannot matter. */
export function decisiveOrder(sort: ImageListQuery["sort"]): Order[] {
  const id = sort.findIndex(({ key }) => key === "id");
  return id < 0 ? sort : sort.slice(0, id + 1);
}

/** The sort keys as columns `sort_0`, `sort_1` … of the select list. */
export function orderColumns(order: readonly Order[]): string {
  return order.map(({ key }, index) => `${KEYS[key]} AS sort_${index}`).join(", ");
}

/** ORDER BY on those columns. */
export function orderBy(order: readonly Order[], prefix = ""): string {
  return order.map(({ dir }, index) => `${prefix}sort_${index} ${dir}`).join(", ");
}

/** "After the marker", for the key values of the marker's row. */
export function afterMarker(order: readonly Order[], values: readonly Value[]): Sql {
  const [first] = order;
  if (first && order.every(({ dir }) => dir === first.dir)) {
    // As one comparison of rows it is one step on the index, also among many equal first keys.
    const keys = order.map(({ key }) => KEYS[key]).join(", ");
    const marks = values.map(() => "?").join(", ");
    return sql(`(${keys}) ${first.dir === "asc" ? ">" : "<"} (${marks})`, ...values);
  }
  return order.reduceRight<Sql | null>((rest, { key, dir }, index) => {
    const operator = dir === "asc" ? ">" : "<";
    const value = values[index] ?? null;
    const later = sql(`${KEYS[key]} ${operator} ?`, value);
    if (!rest) return later;
    return {
      text: `(${KEYS[key]} ${operator}= ? AND (${later.text} OR ${rest.text}))`,
      params: [value, ...later.params, ...rest.params],
    };
  }, null) ?? sql("1");
}

/** The condition that a page begins after `marker`, by one look-up of its row. Errors: bad_request. */
export async function markerSql(conn: Conn, order: readonly Order[], marker: string): Promise<Sql> {
  const row = await conn.one(`SELECT ${orderColumns(order)} FROM images i WHERE i.id = ?`, [marker]);
  if (!row) fail("bad_request", `No image found with ID ${marker}`);
  return afterMarker(order, order.map((_, index) => row[`sort_${index}`] ?? null));
}
