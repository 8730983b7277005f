/** Namespaces: listed, made with all their contents, changed, removed (docs/reference/metadefs-api.md §3.1, §4). */
import { fail } from "../../src/errors.ts";
import { type Conn, placeholders, type Row, type Value, type WriteConn } from "../conn.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type {
  MetadefPart,
  MetadefTimes,
  NamespaceColumns,
  NamespaceDefinitions,
  NamespaceListQuery,
  NamespaceRecord,
  NamespaceSortKey,
  NewNamespace,
  RemoveOutcome,
} from "../metadef_records.ts";
import type { Viewer } from "../records.ts";
import { and, type Sql, sql } from "../sql.ts";
import { beforeRemoval, emitMetadef } from "./metadef_events.ts";
import { insertParts } from "./metadef_parts.ts";
import { associate } from "./metadef_resource_types.ts";
import { collected, keyValues, namespaceColumns, namespaceOf, orderBy, schemaOf } from "./metadef_rows.ts";

/** Whether the namespace called `n` is there for the viewer. */
function namespaceVisible({ isAdmin, projectId }: Viewer): Sql {
  if (isAdmin) return sql("1");
  if (projectId === null) return sql("n.visibility = 'public'");
  return sql("(n.owner = ? OR n.visibility = 'public')", projectId);
}

/** The namespace when it exists for the viewer (docs/reference/metadefs-api.md §3.1). */
export async function readNamespace(
  conn: Conn,
  { name, viewer }: { name: string; viewer: Viewer },
): Promise<NamespaceRecord | null> {
  const { text, params } = namespaceVisible(viewer);
  const row = await conn.one(
    `SELECT ${namespaceColumns(conn.dialect)} FROM metadef_namespaces n WHERE n.namespace = ? AND ${text}`,
    [name, ...params],
  );
  return row ? namespaceOf(row) : null;
}

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

/** One page, in one query. One query for the page, one look-up before it for a marker. */
export async function listNamespaces(
  conn: Conn,
  { viewer, visibility, resourceTypes, sort, limit, after: marker }: NamespaceListQuery,
): Promise<NamespaceRecord[]> {
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
    conditions.push(conn.dialect.after(keys, sort.dir, values));
  }
  const where = and(...conditions);
  const rows = await conn.all(
    `SELECT ${namespaceColumns(conn.dialect)} FROM metadef_namespaces n WHERE ${where.text}
     ORDER BY ${orderBy(keys, sort.dir)} LIMIT ?`,
    [...where.params, limit],
  );
  return rows.map(namespaceOf);
}

function packed(dialect: Dialect, table: string): string {
  return `json_array(${
    dialect.collect({
      columns: ["p.name", "p.json_schema"],
      from: `${table} p`,
      where: "p.namespace_id = n.id",
      order: "p.name",
    })
  })`;
}

function unpack(json: Row[string] | undefined): Pick<MetadefPart, "name" | "schema">[] {
  return collected<[string, string]>(json).map(([name, text]) => ({ name, schema: schemaOf(text) }));
}

interface MetadefDefinitions {
  resourceType: string;
  names: string[];
  viewer: Viewer;
}

/** The namespaces that define properties of a resource type, or have one of `names`, in one query. */
export async function readDefinitions(
  conn: Conn,
  { resourceType, names, viewer }: MetadefDefinitions,
): Promise<NamespaceDefinitions[]> {
  const visible = namespaceVisible(viewer);
  const rows = await conn.all(
    `SELECT ${namespaceColumns(conn.dialect)}, ${packed(conn.dialect, "metadef_objects")} AS objects_json,
       ${packed(conn.dialect, "metadef_properties")} AS properties_json
     FROM metadef_namespaces n
     WHERE ${visible.text} AND (n.namespace IN (${placeholders(names.length)}) OR n.id IN (
       SELECT x.namespace_id FROM metadef_namespace_resource_types x JOIN metadef_resource_types r
         ON r.id = x.resource_type_id WHERE r.name = ?))
     ORDER BY n.namespace`,
    [...visible.params, ...names, resourceType],
  );
  return rows.map(({ objects_json, properties_json, ...row }) => ({
    ...namespaceOf(row),
    objects: unpack(objects_json),
    properties: unpack(properties_json),
  }));
}

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
  times: MetadefTimes,
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
  const row = await conn.one(
    `SELECT ${namespaceColumns(conn.dialect)} FROM metadef_namespaces n WHERE n.id = ?`,
    [id],
  );
  return row ? namespaceOf(row) : null;
}

/** `own`: the namespace that gets the name, which may be its own in other letters. */
async function refuseTaken(conn: WriteConn, name: string, own?: number): Promise<void> {
  const found = await namespaceId(conn, name);
  if (found === null || found === own) return;
  fail("conflict", `The metadata definition namespace=${name} already exists.`);
}

/** With all its contents or not at all. Errors: conflict, for the namespace or a part of it. */
export async function createNamespace(
  conn: WriteConn,
  { columns, associations, objects, properties, tags }: NewNamespace,
): Promise<NamespaceRecord> {
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

/**
 * The new columns with the old `updated_at`, as upstream answers; null when it is gone. Errors: conflict.
 */
export async function changeNamespace(
  conn: WriteConn,
  { id, columns }: { id: number; columns: NamespaceColumns },
): Promise<NamespaceRecord | null> {
  const old = await readById(conn, id);
  if (!old) return null;
  if (columns.namespace !== old.namespace) await refuseTaken(conn, columns.namespace, id);
  await overwriteNamespace(conn, id, columns);
  await emitMetadef(conn, "update", { what: "namespace", namespaceId: id }, { was: old.namespace });
  return { ...old, ...columns };
}

export async function removeNamespace(
  conn: WriteConn,
  { id }: { id: number },
): Promise<RemoveOutcome> {
  const found = await conn.one("SELECT protected FROM metadef_namespaces WHERE id = ?", [id]);
  if (!found) return "absent";
  if (found.protected === 1) return "protected";
  const emitGone = await beforeRemoval(conn, { what: "namespace", namespaceId: id });
  await deleteNamespaceRows(conn, id);
  await emitGone();
  return "done";
}
