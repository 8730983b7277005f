/** Pages of namespaces and of tags (spec/metadefs-api.md §4.3, §7). */
import { type Conn, placeholders, type Value } from "../conn.ts";
import type { DatabaseReads } from "../database.ts";
import type { NamespaceSortKey } from "../metadef_records.ts";
import { and, type Sql, sql } from "../sql.ts";
import { NAMESPACE_COLUMNS, namespaceOf, partOf } from "./metadef_rows.ts";
import { namespaceVisible } from "./metadefs_read.ts";

/** What each key sorts by. Nothing counts as empty; a namespace and a tag's name are unique, ties end there. */
const NAMESPACE_KEYS: Readonly<Record<NamespaceSortKey, string[]>> = {
  namespace: ["n.namespace"],
  display_name: ["coalesce(n.display_name, '')", "n.created_at", "n.id"],
  description: ["coalesce(n.description, '')", "n.created_at", "n.id"],
  visibility: ["coalesce(n.visibility, '')", "n.created_at", "n.id"],
  protected: ["coalesce(n.protected, 0)", "n.created_at", "n.id"],
  owner: ["n.owner", "n.created_at", "n.id"],
  created_at: ["n.created_at", "n.id"],
  updated_at: ["coalesce(n.updated_at, '')", "n.created_at", "n.id"],
};

const TAG_KEYS = {
  name: ["name"],
  created_at: ["created_at", "id"],
  updated_at: ["coalesce(updated_at, '')", "created_at", "id"],
  id: ["id"],
} as const;

function after(keys: readonly string[], dir: "asc" | "desc", values: readonly Value[]): Sql {
  return sql(`(${keys.join(", ")}) ${dir === "asc" ? ">" : "<"} (${placeholders(keys.length)})`, ...values);
}

function orderBy(keys: readonly string[], dir: "asc" | "desc"): string {
  return keys.map((key) => `${key} ${dir}`).join(", ");
}

/** The values of `keys` in one row, named k0, k1 …; null when the row is gone. */
async function keyValues(
  conn: Conn,
  keys: readonly string[],
  from: string,
  params: readonly Value[],
): Promise<Value[] | null> {
  const row = await conn.one(
    `SELECT ${keys.map((key, i) => `${key} AS k${i}`).join(", ")} FROM ${from}`,
    params,
  );
  return row ? keys.map((_, i) => row[`k${i}`] ?? null) : null;
}

/** `DatabaseReads.metadefNamespaces`: one query for the page, one look-up before it for a marker. */
export async function listNamespaces(
  conn: Conn,
  { viewer, visibility, resourceTypes, sort, limit, after: marker }: Parameters<
    DatabaseReads["metadefNamespaces"]
  >[0],
): ReturnType<DatabaseReads["metadefNamespaces"]> {
  const keys = NAMESPACE_KEYS[sort.key];
  const conditions = [namespaceVisible(viewer)];
  if (visibility !== undefined) conditions.push(sql("n.visibility = ?", visibility));
  if (resourceTypes !== undefined) {
    conditions.push(sql(
      `EXISTS (SELECT 1 FROM metadef_namespace_resource_types x JOIN metadef_resource_types r
         ON r.id = x.resource_type_id WHERE x.namespace_id = n.id AND r.name IN (${
        placeholders(resourceTypes.length)
      }))`,
      ...resourceTypes,
    ));
  }
  if (marker !== undefined) {
    const values = await keyValues(conn, keys, "metadef_namespaces n WHERE n.id = ?", [marker]);
    if (!values) return [];
    conditions.push(after(keys, sort.dir, values));
  }
  const where = and(...conditions);
  const rows = await conn.all(
    `SELECT ${NAMESPACE_COLUMNS} FROM metadef_namespaces n WHERE ${where.text}
     ORDER BY ${orderBy(keys, sort.dir)} LIMIT ?`,
    [...where.params, limit],
  );
  return rows.map(namespaceOf);
}

/** `DatabaseReads.metadefTags`. */
export async function listTags(
  conn: Conn,
  { namespaceId, sort, limit, marker }: Parameters<DatabaseReads["metadefTags"]>[0],
): ReturnType<DatabaseReads["metadefTags"]> {
  const keys = TAG_KEYS[sort.key];
  const conditions = [sql("namespace_id = ?", namespaceId)];
  if (marker !== undefined) {
    const values = await keyValues(conn, keys, "metadef_tags WHERE namespace_id = ? AND name = ?", [
      namespaceId,
      marker,
    ]);
    if (!values) return null;
    conditions.push(after(keys, sort.dir, values));
  }
  const where = and(...conditions);
  const rows = await conn.all(
    `SELECT name, created_at, updated_at FROM metadef_tags WHERE ${where.text}
     ORDER BY ${orderBy(keys, sort.dir)}${limit === null ? "" : " LIMIT ?"}`,
    limit === null ? where.params : [...where.params, limit],
  );
  return rows.map(partOf);
}
