/** Namespaces: made with all their contents, changed, removed (spec/metadefs-api.md §4). */
import { fail } from "../../src/errors.ts";
import type { Value, WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { NamespaceColumns, NamespaceRecord } from "../metadef_records.ts";
import type { Timestamp } from "../records.ts";
import { beforeRemoval, emitMetadef } from "./emit_metadef.ts";
import { NAMESPACE_COLUMNS, namespaceOf } from "./metadef_rows.ts";
import { associate } from "./metadefs_associations_write.ts";
import { insertParts } from "./metadefs_parts_write.ts";

const COLUMNS = ["namespace", "display_name", "description", "visibility", "protected", "owner"] as const;

/** Every table whose rows belong to a namespace. */
const CHILDREN = [
  "metadef_tags",
  "metadef_objects",
  "metadef_properties",
  "metadef_namespace_resource_types",
];

/** The id of a namespace, or null. */
export async function namespaceId(conn: WriteConn, name: string): Promise<number | null> {
  const row = await conn.one("SELECT id FROM metadef_namespaces WHERE namespace = ?", [name]);
  return row ? Number(row.id) : null;
}

/** Inserts a row and gives its id. The caller knows that the name is free. */
export async function insertNamespace(
  conn: WriteConn,
  columns: NamespaceColumns,
  times: { created_at: Timestamp; updated_at: Timestamp | null },
): Promise<number> {
  const values: Value[] = COLUMNS.map((name) => columns[name]);
  await conn.run(
    `INSERT INTO metadef_namespaces (${COLUMNS.join(", ")}, created_at, updated_at)
     VALUES (${COLUMNS.map(() => "?").join(", ")}, ?, ?)`,
    [...values, times.created_at, times.updated_at],
  );
  return (await namespaceId(conn, columns.namespace))!;
}

/** Writes every column, and sets updated_at. */
export async function overwriteNamespace(
  conn: WriteConn,
  id: number,
  columns: NamespaceColumns,
): Promise<void> {
  await conn.run(
    `UPDATE metadef_namespaces SET ${COLUMNS.map((name) => `${name} = ?`).join(", ")}, updated_at = ?
     WHERE id = ?`,
    [...COLUMNS.map((name) => columns[name]), conn.now(), id],
  );
}

/** Deletes a namespace and all that lies in it; resource types stay. */
export async function deleteNamespaceRows(conn: WriteConn, id: number): Promise<void> {
  for (const table of CHILDREN) await conn.run(`DELETE FROM ${table} WHERE namespace_id = ?`, [id]);
  await conn.run("DELETE FROM metadef_namespaces WHERE id = ?", [id]);
}

async function readById(conn: WriteConn, id: number): Promise<NamespaceRecord | null> {
  const row = await conn.one(`SELECT ${NAMESPACE_COLUMNS} FROM metadef_namespaces n WHERE n.id = ?`, [id]);
  return row ? namespaceOf(row) : null;
}

async function refuseTaken(conn: WriteConn, name: string): Promise<void> {
  if (await namespaceId(conn, name) === null) return;
  fail("conflict", `The metadata definition namespace=${name} already exists.`);
}

/** `DatabaseWrites.createMetadefNamespace`. */
export async function createNamespace(
  conn: WriteConn,
  { columns, associations, objects, properties, tags }: Parameters<
    DatabaseWrites["createMetadefNamespace"]
  >[0],
): ReturnType<DatabaseWrites["createMetadefNamespace"]> {
  await refuseTaken(conn, columns.namespace);
  const now = conn.now();
  const id = await insertNamespace(conn, columns, { created_at: now, updated_at: now });
  for (const association of associations) await associate(conn, id, association);
  await insertParts(conn, id, "object", objects);
  await insertParts(conn, id, "tag", tags);
  await insertParts(conn, id, "property", properties);
  await emitMetadef(conn, "create", { what: "namespace", namespaceId: id });
  const parts = { resource_type: associations, object: objects, tag: tags, property: properties };
  for (const [what, named] of Object.entries(parts) as [keyof typeof parts, { name: string }[]][]) {
    for (const { name } of named) await emitMetadef(conn, "create", { what, namespaceId: id, name });
  }
  return (await readById(conn, id))!;
}

/** `DatabaseWrites.changeMetadefNamespace`. */
export async function changeNamespace(
  conn: WriteConn,
  { id, columns }: Parameters<DatabaseWrites["changeMetadefNamespace"]>[0],
): ReturnType<DatabaseWrites["changeMetadefNamespace"]> {
  const old = await readById(conn, id);
  if (!old) return null;
  if (columns.namespace !== old.namespace) await refuseTaken(conn, columns.namespace);
  await overwriteNamespace(conn, id, columns);
  await emitMetadef(conn, "update", { what: "namespace", namespaceId: id }, { was: old.namespace });
  return { ...old, ...columns };
}

/** `DatabaseWrites.removeMetadefNamespace`. */
export async function removeNamespace(
  conn: WriteConn,
  { id }: Parameters<DatabaseWrites["removeMetadefNamespace"]>[0],
): ReturnType<DatabaseWrites["removeMetadefNamespace"]> {
  const found = await conn.one("SELECT protected FROM metadef_namespaces WHERE id = ?", [id]);
  if (!found) return "absent";
  if (found.protected === 1) return "protected";
  const emitGone = await beforeRemoval(conn, { what: "namespace", namespaceId: id });
  await deleteNamespaceRows(conn, id);
  await emitGone();
  return "done";
}
