/**
 * Filters that may leave only few images. When many rows match, a list walks an index in its own order; when few do,
 * that walk would pass over the whole table, and the list reads and sorts those few. To decide, a query counts the
 * entries of the filter's index, up to `FEW`.
 */
import { type Conn, placeholders } from "../conn.ts";
import { type Dialect, perDialect, PRIMARY } from "../dialects/dialect.ts";
import type { ImageListQuery, ListCondition } from "../records.ts";
import { type Sql, sql } from "../sql.ts";
import { between, keysOf } from "./image_list_terms.ts";
import type { ScopePart } from "./image_list_scope.ts";

const FEW = 500;

/** How to reach the images that match a filter: the index, and the condition that uses it. */
interface Narrow {
  index: string;
  where: Sql;
  /** Selects the entries of that index, for a count. */
  entries: Sql;
}

function onImages(dialect: Dialect, index: string, where: Sql, hidden: string): Narrow {
  const images = dialect.through("images i", index);
  const text = `SELECT 1 FROM ${images} WHERE i.deleted = 0 AND ${hidden} AND ${where.text}`;
  return { index, where, entries: { text, params: where.params } };
}

function byChild(table: string, where: string, ...params: string[]): Narrow {
  const entries = sql(`SELECT c.image_id FROM ${table} WHERE ${where} AND c.deleted = 0`, ...params);
  return { index: PRIMARY, where: { text: `i.id IN (${entries.text})`, params }, entries };
}

type ColumnIndexes = Partial<Record<string, [index: string, expression: string]>>;

const columnIndexes = perDialect((dialect): ColumnIndexes => {
  const keys = keysOf(dialect);
  return {
    id: [PRIMARY, "i.id"],
    name: ["oneglance_images_name", keys.name],
    status: ["oneglance_images_status", "i.status"],
    owner: ["oneglance_images_owner", "i.owner"],
    disk_format: ["oneglance_images_disk_format", keys.disk_format],
    container_format: ["oneglance_images_container_format", keys.container_format],
    size: ["oneglance_images_size", keys.size],
    checksum: ["checksum_image_idx", "i.checksum"],
    os_hash_value: ["os_hash_value_image_idx", "i.os_hash_value"],
  };
});

function narrowOf(dialect: Dialect, condition: ListCondition, hidden: string): Narrow | null {
  const keys = keysOf(dialect);
  switch (condition.kind) {
    case "in": {
      const found = columnIndexes(dialect)[condition.column];
      if (!found || condition.values.length === 0) return null;
      const [index, expression] = found;
      const where = sql(`${expression} IN (${placeholders(condition.values.length)})`, ...condition.values);
      return onImages(dialect, index, where, hidden);
    }
    case "range":
      if (condition.column !== "size" || (condition.min === undefined && condition.max === undefined)) {
        return null;
      }
      return onImages(
        dialect,
        "oneglance_images_size",
        between(keys.size, condition.min, condition.max),
        hidden,
      );
    case "time": {
      if (condition.op === "neq") return null;
      const index = condition.column === "created_at"
        ? "oneglance_images_created"
        : "oneglance_images_updated";
      const operator = { gt: ">", gte: ">=", lt: "<", lte: "<=", eq: "=" }[condition.op];
      return onImages(
        dialect,
        index,
        sql(`${keys[condition.column]} ${operator} ?`, condition.value),
        hidden,
      );
    }
    case "property":
      return byChild(
        dialect.through("image_properties c", "oneglance_properties_value"),
        "c.name = ? AND c.value = ?",
        condition.name,
        condition.value,
      );
    case "tag":
      return byChild(
        dialect.through("image_tags c", "oneglance_tags_value"),
        "c.value = ?",
        condition.value,
      );
    case "none":
      return null;
  }
}

async function count(conn: Conn, entries: Sql): Promise<number> {
  const row = await conn.one(
    `SELECT count(*) AS n FROM (${entries.text} LIMIT ${FEW + 1}) AS few`,
    entries.params,
  );
  return Number(row?.n);
}

/** Returns the filter that the fewest images match, when those are few; else null. */
export async function narrowest(conn: Conn, query: ImageListQuery): Promise<Narrow | null> {
  const hidden = `i.os_hidden = ${query.osHidden ? 1 : 0}`;
  let best: Narrow | null = null;
  let fewest = FEW + 1;
  for (const condition of query.conditions) {
    const narrow = narrowOf(conn.dialect, condition, hidden);
    if (!narrow) continue;
    const found = await count(conn, narrow.entries);
    if (found < fewest) [best, fewest] = [narrow, found];
  }
  return best;
}

/** Whether the scope has only few images. */
export async function isSmallScope(
  conn: Conn,
  parts: readonly ScopePart[],
  osHidden: boolean,
): Promise<boolean> {
  for (const { index, where } of parts) {
    const narrow = onImages(conn.dialect, index, where, `i.os_hidden = ${osHidden ? 1 : 0}`);
    if (await count(conn, narrow.entries) > FEW) return false;
  }
  return true;
}
