/**
 * Filters that may leave only few images. Walking an index in the order of the list is right when many rows match;
 * when few do, it would pass over the whole table, and reading those few and sorting them is right. Which it is, a
 * look at the index of the filter shows, which stops after `FEW` entries.
 */
import { type Conn, placeholders } from "../conn.ts";
import type { ImageListQuery, ListCondition } from "../records.ts";
import { type Sql, sql } from "../sql.ts";
import { between, KEYS } from "./image_list_terms.ts";
import type { ScopePart } from "./image_list_scope.ts";

const FEW = 500;
const PK = "sqlite_autoindex_images_1";

/** A way to reach the images that a filter leaves: the index, and the condition that uses it. */
export interface Narrow {
  index: string;
  where: Sql;
  /** The entries of that index, to be counted. */
  entries: Sql;
}

function onImages(index: string, where: Sql, hidden: string): Narrow {
  const text =
    `SELECT 1 FROM images i INDEXED BY ${index} WHERE i.deleted = 0 AND ${hidden} AND ${where.text}`;
  return { index, where, entries: { text, params: where.params } };
}

function byChild(entriesText: string, ...params: string[]): Narrow {
  const entries = sql(`SELECT c.image_id FROM ${entriesText} AND c.deleted = 0`, ...params);
  return { index: PK, where: { text: `i.id IN (${entries.text})`, params }, entries };
}

const COLUMN_INDEX: Partial<Record<string, [index: string, expression: string]>> = {
  id: [PK, "i.id"],
  name: ["oneglance_images_name", KEYS.name],
  status: ["oneglance_images_status", "i.status"],
  owner: ["oneglance_images_owner", "i.owner"],
  disk_format: ["oneglance_images_disk_format", KEYS.disk_format],
  container_format: ["oneglance_images_container_format", KEYS.container_format],
  size: ["oneglance_images_size", KEYS.size],
  checksum: ["checksum_image_idx", "i.checksum"],
  os_hash_value: ["os_hash_value_image_idx", "i.os_hash_value"],
};

function narrowOf(condition: ListCondition, hidden: string): Narrow | null {
  switch (condition.kind) {
    case "in": {
      const found = COLUMN_INDEX[condition.column];
      if (!found || condition.values.length === 0) return null;
      const [index, expression] = found;
      const where = sql(`${expression} IN (${placeholders(condition.values.length)})`, ...condition.values);
      return onImages(index, where, hidden);
    }
    case "range":
      if (condition.column !== "size" || (condition.min === undefined && condition.max === undefined)) {
        return null;
      }
      return onImages("oneglance_images_size", between(KEYS.size, condition.min, condition.max), hidden);
    case "time": {
      if (condition.op === "neq") return null;
      const index = condition.column === "created_at"
        ? "oneglance_images_created"
        : "oneglance_images_updated";
      const operator = { gt: ">", gte: ">=", lt: "<", lte: "<=", eq: "=" }[condition.op];
      return onImages(index, sql(`${KEYS[condition.column]} ${operator} ?`, condition.value), hidden);
    }
    case "property":
      return byChild(
        "image_properties c INDEXED BY oneglance_properties_value WHERE c.name = ? AND c.value = ?",
        condition.name,
        condition.value,
      );
    case "tag":
      return byChild("image_tags c INDEXED BY oneglance_tags_value WHERE c.value = ?", condition.value);
    case "none":
      return null;
  }
}

async function count(conn: Conn, entries: Sql): Promise<number> {
  const row = await conn.one(`SELECT count(*) AS n FROM (${entries.text} LIMIT ${FEW + 1})`, entries.params);
  return Number(row?.n);
}

/** The filter that leaves fewest images, when those are few; else null. */
export async function narrowest(conn: Conn, query: ImageListQuery): Promise<Narrow | null> {
  const hidden = `i.os_hidden = ${query.osHidden ? 1 : 0}`;
  let best: Narrow | null = null;
  let fewest = FEW + 1;
  for (const condition of query.conditions) {
    const narrow = narrowOf(condition, hidden);
    if (!narrow) continue;
    const found = await count(conn, narrow.entries);
    if (found < fewest) [best, fewest] = [narrow, found];
  }
  return best;
}

/** Whether the whole scope has only few images. */
export async function isSmallScope(
  conn: Conn,
  parts: readonly ScopePart[],
  osHidden: boolean,
): Promise<boolean> {
  for (const { index, where } of parts) {
    const narrow = onImages(index, where, `i.os_hidden = ${osHidden ? 1 : 0}`);
    if (await count(conn, narrow.entries) > FEW) return false;
  }
  return true;
}
