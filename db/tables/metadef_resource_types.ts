/** Which resource types a namespace is for; a type becomes known by its first association (docs/reference/metadefs-api.md §8). */
import type { Conn, Row, WriteConn } from "../conn.ts";
import type {
  Association,
  AssociationRecord,
  MetadefTimes,
  RemoveOutcome,
  ResourceTypeRecord,
} from "../metadef_records.ts";
import { rowAs } from "../rows.ts";
import { beforeRemoval, emitMetadef } from "./metadef_events.ts";
import { refuseDuplicate } from "./metadef_rows.ts";

function resourceTypeOf(row: Row): ResourceTypeRecord {
  return { ...rowAs<Omit<ResourceTypeRecord, "protected">>(row), protected: row.protected === 1 };
}

/** Every resource type, oldest first. */
export async function readResourceTypes(conn: Conn): Promise<ResourceTypeRecord[]> {
  const rows = await conn.all(
    "SELECT name, protected, created_at, updated_at FROM metadef_resource_types ORDER BY id",
  );
  return rows.map(resourceTypeOf);
}

/** The id of a resource type, or null. */
export async function resourceTypeId(conn: WriteConn, name: string): Promise<number | null> {
  const row = await conn.one("SELECT id FROM metadef_resource_types WHERE name = ?", [name]);
  return row ? Number(row.id) : null;
}

/** Makes a resource type known. */
export async function insertResourceType(
  conn: WriteConn,
  name: string,
  isProtected: boolean,
  times: MetadefTimes,
): Promise<number> {
  await conn.run(
    "INSERT INTO metadef_resource_types (name, protected, created_at, updated_at) VALUES (?, ?, ?, ?)",
    [name, isProtected, times.created_at, times.updated_at],
  );
  return (await resourceTypeId(conn, name))!;
}

/** Inserts a row. The caller knows that there is none. */
export async function insertAssociation(
  conn: WriteConn,
  namespaceId: number,
  typeId: number,
  { prefix, properties_target }: Association,
  times: MetadefTimes,
): Promise<void> {
  await conn.run(
    `INSERT INTO metadef_namespace_resource_types
       (resource_type_id, namespace_id, properties_target, prefix, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)`,
    [typeId, namespaceId, properties_target, prefix, times.created_at, times.updated_at],
  );
}

export async function isAssociated(conn: WriteConn, namespaceId: number, typeId: number): Promise<boolean> {
  return await conn.one(
    "SELECT 1 AS found FROM metadef_namespace_resource_types WHERE namespace_id = ? AND resource_type_id = ?",
    [namespaceId, typeId],
  ) !== undefined;
}

/** Adds one association, and its type unless known. Errors: conflict. */
export async function associate(
  conn: WriteConn,
  namespaceId: number,
  association: Association,
): Promise<AssociationRecord> {
  const now = conn.now();
  const times = { created_at: now, updated_at: now };
  const typeId = await resourceTypeId(conn, association.name) ??
    await insertResourceType(conn, association.name, false, times);
  if (await isAssociated(conn, namespaceId, typeId)) {
    refuseDuplicate("resource type association", association.name);
  }
  await insertAssociation(conn, namespaceId, typeId, association, times);
  return { ...association, ...times };
}

/** Makes the resource type known when it is not; null when the namespace is gone. Errors: conflict. */
export async function addAssociation(
  conn: WriteConn,
  { namespaceId, association }: { namespaceId: number; association: Association },
): Promise<AssociationRecord | null> {
  if (!await conn.one("SELECT id FROM metadef_namespaces WHERE id = ?", [namespaceId])) return null;
  const added = await associate(conn, namespaceId, association);
  await emitMetadef(conn, "create", { what: "resource_type", namespaceId, name: association.name });
  return added;
}

/** The type stays known. */
export async function removeAssociation(
  conn: WriteConn,
  { namespaceId, name }: { namespaceId: number; name: string },
): Promise<RemoveOutcome> {
  const found = await conn.one(
    `SELECT n.protected, a.resource_type_id, t.name FROM metadef_namespace_resource_types a
       JOIN metadef_resource_types t ON t.id = a.resource_type_id
       JOIN metadef_namespaces n ON n.id = a.namespace_id
     WHERE a.namespace_id = ? AND t.name = ?`,
    [namespaceId, name],
  );
  if (!found) return "absent";
  if (found.protected === 1) return "protected";
  const emitGone = await beforeRemoval(conn, {
    what: "resource_type",
    namespaceId,
    name: String(found.name),
  });
  await conn.run(
    "DELETE FROM metadef_namespace_resource_types WHERE namespace_id = ? AND resource_type_id = ?",
    [namespaceId, found.resource_type_id ?? null],
  );
  await emitGone();
  return "done";
}
