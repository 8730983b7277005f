/** The filters of a list as SQL on the image called `i` (spec/images-api.md §4.4). */
import { placeholders } from "../conn.ts";
import type { ListCondition } from "../records.ts";
import { type Sql, sql } from "../sql.ts";

const OPERATORS = { gt: ">", gte: ">=", lt: "<", lte: "<=", eq: "=", neq: "<>" } as const;

/** What a column is compared and sorted by: nothing counts as empty text or 0, never changed as when made (§4.5). */
export const KEYS = {
  name: "coalesce(i.name, '')",
  status: "i.status",
  container_format: "coalesce(i.container_format, '')",
  disk_format: "coalesce(i.disk_format, '')",
  size: "coalesce(i.size, 0)",
  id: "i.id",
  created_at: "i.created_at",
  updated_at: "coalesce(i.updated_at, i.created_at)",
} as const;

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

/** One condition. */
export function conditionSql(condition: ListCondition): Sql {
  switch (condition.kind) {
    case "none":
      return sql("0");
    case "in":
      return sql(`i.${condition.column} IN (${placeholders(condition.values.length)})`, ...condition.values);
    case "range":
      if (condition.min === undefined && condition.max === undefined) return sql("1");
      return between(`i.${condition.column}`, condition.min, condition.max);
    case "time":
      return sql(`${KEYS[condition.column]} ${OPERATORS[condition.op]} ?`, condition.value);
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
