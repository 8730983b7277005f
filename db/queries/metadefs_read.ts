/** Reading namespaces of metadata definitions, one or all that lies in one (spec/metadefs-api.md §3.1, §4). */
import type { Conn } from "../conn.ts";
import type { DatabaseReads } from "../database.ts";
import type { MetadefKind, MetadefPartRecord } from "../metadef_records.ts";
import type { Viewer } from "../records.ts";
import { type Sql, sql } from "../sql.ts";
import {
  NAMESPACE_COLUMNS,
  namespaceOf,
  partColumns,
  partOf,
  PARTS,
  resourceTypeOf,
} from "./metadef_rows.ts";

/** Whether the namespace called `n` is there for the viewer. */
export function namespaceVisible({ isAdmin, projectId }: Viewer): Sql {
  if (isAdmin) return sql("1");
  if (projectId === null) return sql("n.visibility = 'public'");
  return sql("(n.owner = ? OR n.visibility = 'public')", projectId);
}

/** `DatabaseReads.metadefNamespace`. */
export async function readNamespace(
  conn: Conn,
  { name, viewer }: Parameters<DatabaseReads["metadefNamespace"]>[0],
): ReturnType<DatabaseReads["metadefNamespace"]> {
  const { text, params } = namespaceVisible(viewer);
  const row = await conn.one(
    `SELECT ${NAMESPACE_COLUMNS} FROM metadef_namespaces n WHERE n.namespace = ? AND ${text}`,
    [name, ...params],
  );
  return row ? namespaceOf(row) : null;
}

/** `DatabaseReads.metadefParts`: by name, tags with the newest first. */
export async function readParts(
  conn: Conn,
  { namespaceId, kind }: { namespaceId: number; kind: MetadefKind },
): Promise<MetadefPartRecord[]> {
  const order = kind === "tag" ? "created_at DESC, id DESC" : "name";
  const rows = await conn.all(
    `SELECT ${partColumns(kind)} FROM ${PARTS[kind].table} WHERE namespace_id = ? ORDER BY ${order}`,
    [namespaceId],
  );
  return rows.map(partOf);
}

/** `DatabaseReads.metadefPart`. */
export async function readPart(
  conn: Conn,
  { namespaceId, kind, name }: { namespaceId: number; kind: MetadefKind; name: string },
): Promise<MetadefPartRecord | null> {
  const row = await conn.one(
    `SELECT ${partColumns(kind)} FROM ${PARTS[kind].table} WHERE namespace_id = ? AND name = ?`,
    [namespaceId, name],
  );
  return row ? partOf(row) : null;
}

/** `DatabaseReads.metadefContents`. */
export async function readContents(
  conn: Conn,
  { namespaceId }: Parameters<DatabaseReads["metadefContents"]>[0],
): ReturnType<DatabaseReads["metadefContents"]> {
  return {
    objects: await readParts(conn, { namespaceId, kind: "object" }),
    properties: await readParts(conn, { namespaceId, kind: "property" }),
    tags: await readParts(conn, { namespaceId, kind: "tag" }),
  };
}

/** `DatabaseReads.metadefResourceTypes`. */
export async function readResourceTypes(conn: Conn): ReturnType<DatabaseReads["metadefResourceTypes"]> {
  const rows = await conn.all(
    "SELECT name, protected, created_at, updated_at FROM metadef_resource_types ORDER BY id",
  );
  return rows.map(resourceTypeOf);
}
