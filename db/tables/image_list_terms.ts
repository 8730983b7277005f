/** The filters and the order of a list as SQL on the image called `i` (docs/reference/images-api.md §4.2, §4.4, §4.5). */
import { fail } from "../../src/errors.ts";
import { type Conn, placeholders, type Value } from "../conn.ts";
import { type Dialect, perDialect } from "../dialects/dialect.ts";
import type { ImageListQuery, ListCondition, SortKey } from "../records.ts";
import { and, type Sql, sql } from "../sql.ts";

const OPERATORS = { gt: ">", gte: ">=", lt: "<", lte: "<=", eq: "=", neq: "<>" } as const;

/**
 * The expressions by which a list compares and sorts: null counts as the empty text or 0, the time of an image that
 * was never changed is that of its creation (§4.5).
 */
export const keysOf = perDialect((dialect): Readonly<Record<SortKey, string>> => ({
  name: dialect.computed("i", "name"),
  status: "i.status",
  container_format: dialect.computed("i", "container_format"),
  disk_format: dialect.computed("i", "disk_format"),
  size: dialect.computed("i", "size"),
  id: "i.id",
  created_at: "i.created_at",
  updated_at: dialect.computed("i", "updated_at"),
}));

/** `expression` between two bounds. */
export function between(expression: string, min: number | undefined, max: number | undefined): Sql {
  const bounds = [
    ...(min === undefined ? [] : [sql(`${expression} >= ?`, min)]),
    ...(max === undefined ? [] : [sql(`${expression} <= ?`, max)]),
  ];
  return {
    text: bounds.map(({ text }) => text).join(" AND "),
    params: bounds.flatMap(({ params }) => params),
  };
}

/** Whether no image can match: such a list needs no query. */
export function isNever(condition: ListCondition): boolean {
  return condition.kind === "none" || (condition.kind === "in" && condition.values.length === 0);
}

/** A filter as a condition. */
export function conditionSql(dialect: Dialect, condition: ListCondition): Sql {
  switch (condition.kind) {
    case "none":
      return sql("0");
    case "in":
      return sql(`i.${condition.column} IN (${placeholders(condition.values.length)})`, ...condition.values);
    case "range":
      if (condition.min === undefined && condition.max === undefined) return sql("1");
      return between(`i.${condition.column}`, condition.min, condition.max);
    case "time":
      return sql(`${keysOf(dialect)[condition.column]} ${OPERATORS[condition.op]} ?`, condition.value);
    case "property":
      return sql(
        `EXISTS (SELECT 1 FROM image_properties p
          WHERE p.image_id = i.id AND p.name = ? AND +p.value = ? AND +p.deleted = 0)`,
        condition.name,
        condition.value,
      );
    case "tag":
      return sql(
        "EXISTS (SELECT 1 FROM image_tags t WHERE t.image_id = i.id AND t.value = ? AND +t.deleted = 0)",
        condition.value,
      );
  }
}

export interface Order {
  key: SortKey;
  dir: "asc" | "desc";
}

/** Returns the sort terms up to `id`, which is unique: later terms have no effect. */
export function decisiveOrder(sort: ImageListQuery["sort"]): Order[] {
  const id = sort.findIndex(({ key }) => key === "id");
  return id < 0 ? sort : sort.slice(0, id + 1);
}

/** The sort keys as columns `sort_0`, `sort_1` … of the select list. */
export function orderColumns(dialect: Dialect, order: readonly Order[]): string {
  return order.map(({ key }, index) => `${keysOf(dialect)[key]} AS sort_${index}`).join(", ");
}

/** Returns the terms of ORDER BY on those columns, without the first `same` of them. */
export function orderBy(order: readonly Order[], same = 0): string {
  return order.map(({ dir }, index) => `sort_${index} ${dir}`).slice(same).join(", ");
}

/** The condition that a row comes after the marker, whose row has these `values` of the sort keys. */
export function afterMarker(dialect: Dialect, order: readonly Order[], values: readonly Value[]): Sql {
  const keys = keysOf(dialect);
  const [first] = order;
  if (first && order.every(({ dir }) => dir === first.dir)) {
    return dialect.after(order.map(({ key }) => keys[key]), first.dir, values);
  }
  return order.reduceRight<Sql | null>((rest, { key, dir }, index) => {
    const operator = dir === "asc" ? ">" : "<";
    const value = values[index] ?? null;
    const later = sql(`${keys[key]} ${operator} ?`, value);
    if (!rest) return later;
    return {
      text: `(${keys[key]} ${operator}= ? AND (${later.text} OR ${rest.text}))`,
      params: [value, ...later.params, ...rest.params],
    };
  }, null) ?? sql("1");
}

/** The condition of `afterMarker` for some of the rows, which have the first `same` sort keys in common. */
export interface After {
  where: Sql;
  same: 0 | 1;
}

/**
 * Returns that condition in two parts without common rows: equal to the marker in the first key, and beyond it. Each
 * is one step on an index whose first key is an expression, where a comparison of rows would not be.
 */
export function afterMarkerApart(
  dialect: Dialect,
  order: readonly Order[],
  values: readonly Value[],
): After[] {
  const [first, ...rest] = order;
  if (!first || rest.length === 0) return [{ where: afterMarker(dialect, order, values), same: 0 }];
  const [value = null, ...others] = values;
  const key = keysOf(dialect)[first.key];
  return [
    { where: and(sql(`${key} = ?`, value), afterMarker(dialect, rest, others)), same: 1 },
    { where: sql(`${key} ${first.dir === "asc" ? ">" : "<"} ?`, value), same: 0 },
  ];
}

/** Reads the values of the sort keys of the image `marker`. Errors: bad_request. */
export async function markerValues(conn: Conn, order: readonly Order[], marker: string): Promise<Value[]> {
  const row = await conn.one(`SELECT ${orderColumns(conn.dialect, order)} FROM images i WHERE i.id = ?`, [
    marker,
  ]);
  if (!row) fail("bad_request", `No image found with ID ${marker}`);
  return order.map((_, index) => row[`sort_${index}`] ?? null);
}
