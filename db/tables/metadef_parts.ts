/** Objects, properties and tags of a namespace (docs/reference/metadefs-api.md §5–7). */
import { type Conn, type Value, type WriteConn } from "../conn.ts";
import type {
  MetadefKind,
  MetadefPart,
  MetadefPartRecord,
  MetadefTimes,
  NamespaceContents,
  RemoveOutcome,
  TagListQuery,
} from "../metadef_records.ts";
import { jsonText } from "../rows.ts";
import { and, sql } from "../sql.ts";
import { beforeRemoval, emitCleared, emitMetadef } from "./metadef_events.ts";
import { keyValues, orderBy, partColumns, partOf, PARTS, readPart, refuseDuplicate } from "./metadef_rows.ts";

/** All of one kind: by name, tags with the newest first. */
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

export async function readContents(
  conn: Conn,
  { namespaceId }: { namespaceId: number },
): Promise<NamespaceContents> {
  return {
    objects: await readParts(conn, { namespaceId, kind: "object" }),
    properties: await readParts(conn, { namespaceId, kind: "property" }),
    tags: await readParts(conn, { namespaceId, kind: "tag" }),
  };
}

const TAG_KEYS = {
  name: ["name"],
  created_at: ["created_at", "id"],
  updated_at: ["coalesce(updated_at, '')", "created_at", "id"],
  id: ["id"],
} as const;

/** A page of tags; null when the marker is none. */
export async function listTags(
  conn: Conn,
  { namespaceId, sort, limit, marker }: TagListQuery,
): Promise<MetadefPartRecord[] | null> {
  const keys = TAG_KEYS[sort.key];
  const conditions = [sql("namespace_id = ?", namespaceId)];
  if (marker !== undefined) {
    const values = await keyValues(conn, keys, "metadef_tags WHERE namespace_id = ? AND name = ?", [
      namespaceId,
      marker,
    ]);
    if (!values) return null;
    conditions.push(conn.dialect.after(keys, sort.dir, values));
  }
  const where = and(...conditions);
  const rows = await conn.all(
    `SELECT name, created_at, updated_at FROM metadef_tags WHERE ${where.text}
     ORDER BY ${orderBy(keys, sort.dir)}${limit === null ? "" : " LIMIT ?"}`,
    limit === null ? where.params : [...where.params, limit],
  );
  return rows.map(partOf);
}

function valueOf(part: MetadefPart, column: string): Value {
  if (column === "json_schema") return jsonText(part.schema);
  if (column === "required") return part.required.length > 0 ? part.required.join(",") : null;
  return part.description;
}

/** Inserts a row. The caller knows that the name is free. */
export async function insertPart(
  conn: WriteConn,
  namespaceId: number,
  kind: MetadefKind,
  part: MetadefPart,
  times: MetadefTimes,
): Promise<void> {
  const { table, columns } = PARTS[kind];
  const names = ["namespace_id", "name", ...columns, "created_at", "updated_at"];
  await conn.run(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`, [
    namespaceId,
    part.name,
    ...columns.map((column) => valueOf(part, column)),
    times.created_at,
    times.updated_at,
  ]);
}

/** Writes the body and the name of a row, and sets updated_at. */
export async function overwritePart(
  conn: WriteConn,
  namespaceId: number,
  kind: MetadefKind,
  name: string,
  part: MetadefPart,
): Promise<void> {
  const { table, columns } = PARTS[kind];
  const set = ["name", ...columns, "updated_at"].map((column) => `${column} = ?`).join(", ");
  await conn.run(`UPDATE ${table} SET ${set} WHERE namespace_id = ? AND name = ?`, [
    part.name,
    ...columns.map((column) => valueOf(part, column)),
    conn.now(),
    namespaceId,
    name,
  ]);
}

/** Adds parts in their order; each has a creation time of its own. Errors: conflict. */
export async function insertParts(
  conn: WriteConn,
  namespaceId: number,
  kind: MetadefKind,
  parts: readonly MetadefPart[],
): Promise<MetadefPartRecord[]> {
  const added: MetadefPartRecord[] = [];
  for (const part of parts) {
    if (await readPart(conn, { namespaceId, kind, name: part.name })) refuseDuplicate(kind, part.name);
    const now = conn.now();
    await insertPart(conn, namespaceId, kind, part, { created_at: now, updated_at: now });
    added.push({ ...part, created_at: now, updated_at: now });
  }
  return added;
}

interface AddMetadefParts {
  namespaceId: number;
  kind: MetadefKind;
  parts: MetadefPart[];
  replace: boolean;
}

/**
 * Adds all or none, after removing those that there are when `replace` says so; null when the namespace is gone.
 * Errors: conflict.
 */
export async function addParts(
  conn: WriteConn,
  { namespaceId, kind, parts, replace }: AddMetadefParts,
): Promise<MetadefPartRecord[] | null> {
  if (!await conn.one("SELECT id FROM metadef_namespaces WHERE id = ?", [namespaceId])) return null;
  if (replace) await conn.run(`DELETE FROM ${PARTS[kind].table} WHERE namespace_id = ?`, [namespaceId]);
  const added = await insertParts(conn, namespaceId, kind, parts);
  for (const { name } of added) await emitMetadef(conn, "create", { what: kind, namespaceId, name });
  return added;
}

interface ChangeMetadefPart {
  namespaceId: number;
  kind: MetadefKind;
  name: string;
  part: MetadefPart;
}

/** The new body with the old `updated_at`; null when it is gone. Errors: conflict. */
export async function changePart(
  conn: WriteConn,
  { namespaceId, kind, name, part }: ChangeMetadefPart,
): Promise<MetadefPartRecord | null> {
  const old = await readPart(conn, { namespaceId, kind, name });
  if (!old) return null;
  const taken = part.name === name ? null : await readPart(conn, { namespaceId, kind, name: part.name });
  // The database may find the same row by its name in other letters.
  if (taken && taken.name !== old.name) refuseDuplicate(kind, part.name);
  await overwritePart(conn, namespaceId, kind, name, part);
  const changed = { what: kind, namespaceId, name: part.name };
  await emitMetadef(conn, "update", changed, { extra: { name_old: name } });
  return { ...part, created_at: old.created_at, updated_at: old.updated_at };
}

interface RemoveMetadefPart {
  namespaceId: number;
  kind: MetadefKind;
  name: string;
}

export async function removePart(
  conn: WriteConn,
  { namespaceId, kind, name }: RemoveMetadefPart,
): Promise<RemoveOutcome> {
  const { table } = PARTS[kind];
  const found = await conn.one(
    `SELECT n.protected FROM ${table} p JOIN metadef_namespaces n ON n.id = p.namespace_id
     WHERE p.namespace_id = ? AND p.name = ?`,
    [namespaceId, name],
  );
  if (!found) return "absent";
  if (found.protected === 1) return "protected";
  const emitGone = await beforeRemoval(conn, { what: kind, namespaceId, name });
  await conn.run(`DELETE FROM ${table} WHERE namespace_id = ? AND name = ?`, [namespaceId, name]);
  await emitGone();
  return "done";
}

/** Removes all of a kind; `absent` when the namespace is gone. */
export async function clearParts(
  conn: WriteConn,
  { namespaceId, kind }: { namespaceId: number; kind: MetadefKind },
): Promise<RemoveOutcome> {
  const found = await conn.one("SELECT protected FROM metadef_namespaces WHERE id = ?", [namespaceId]);
  if (!found) return "absent";
  if (found.protected === 1) return "protected";
  await conn.run(`DELETE FROM ${PARTS[kind].table} WHERE namespace_id = ?`, [namespaceId]);
  await emitCleared(conn, namespaceId, kind);
  return "done";
}
