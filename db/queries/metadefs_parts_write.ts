/** Objects, properties and tags of a namespace: made, changed, removed (spec/metadefs-api.md §5–7). */
import { fail } from "../../src/errors.ts";
import type { Value, WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { MetadefKind, MetadefPart, MetadefPartRecord } from "../metadef_records.ts";
import type { Timestamp } from "../records.ts";
import { beforeRemoval, emitCleared, emitMetadef } from "./emit_metadef.ts";
import { PARTS } from "./metadef_rows.ts";
import { readPart } from "./metadefs_read.ts";

function valueOf(part: MetadefPart, column: string): Value {
  if (column === "json_schema") return JSON.stringify(part.schema);
  if (column === "required") return part.required.length > 0 ? part.required.join(",") : null;
  return part.description;
}

/** Refuses a name that is taken. Errors: conflict. */
export function refuseDuplicate(what: string, name: string): never {
  fail("conflict", `The metadata definition ${what} with name=${name} already exists in its namespace.`);
}

/** Inserts a row. The caller knows that the name is free. */
export async function insertPart(
  conn: WriteConn,
  namespaceId: number,
  kind: MetadefKind,
  part: MetadefPart,
  times: { created_at: Timestamp; updated_at: Timestamp | null },
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

/** `DatabaseWrites.addMetadefParts`. */
export async function addParts(
  conn: WriteConn,
  { namespaceId, kind, parts, replace }: Parameters<DatabaseWrites["addMetadefParts"]>[0],
): ReturnType<DatabaseWrites["addMetadefParts"]> {
  if (!await conn.one("SELECT id FROM metadef_namespaces WHERE id = ?", [namespaceId])) return null;
  if (replace) await conn.run(`DELETE FROM ${PARTS[kind].table} WHERE namespace_id = ?`, [namespaceId]);
  const added = await insertParts(conn, namespaceId, kind, parts);
  for (const { name } of added) await emitMetadef(conn, "create", { what: kind, namespaceId, name });
  return added;
}

/** `DatabaseWrites.changeMetadefPart`. */
export async function changePart(
  conn: WriteConn,
  { namespaceId, kind, name, part }: Parameters<DatabaseWrites["changeMetadefPart"]>[0],
): ReturnType<DatabaseWrites["changeMetadefPart"]> {
  const old = await readPart(conn, { namespaceId, kind, name });
  if (!old) return null;
  if (part.name !== name && await readPart(conn, { namespaceId, kind, name: part.name })) {
    refuseDuplicate(kind, part.name);
  }
  await overwritePart(conn, namespaceId, kind, name, part);
  const changed = { what: kind, namespaceId, name: part.name };
  await emitMetadef(conn, "update", changed, { extra: { name_old: name } });
  return { ...part, created_at: old.created_at, updated_at: old.updated_at };
}

/** `DatabaseWrites.removeMetadefPart`. */
export async function removePart(
  conn: WriteConn,
  { namespaceId, kind, name }: Parameters<DatabaseWrites["removeMetadefPart"]>[0],
): ReturnType<DatabaseWrites["removeMetadefPart"]> {
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

/** `DatabaseWrites.clearMetadefParts`. */
export async function clearParts(
  conn: WriteConn,
  { namespaceId, kind }: Parameters<DatabaseWrites["clearMetadefParts"]>[0],
): ReturnType<DatabaseWrites["clearMetadefParts"]> {
  const found = await conn.one("SELECT protected FROM metadef_namespaces WHERE id = ?", [namespaceId]);
  if (!found) return "absent";
  if (found.protected === 1) return "protected";
  await conn.run(`DELETE FROM ${PARTS[kind].table} WHERE namespace_id = ?`, [namespaceId]);
  await emitCleared(conn, namespaceId, kind);
  return "done";
}
