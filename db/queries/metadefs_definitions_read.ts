/** What properties of a resource type are defined (the check of an image's properties). */
import { type Conn, placeholders } from "../conn.ts";
import type { DatabaseReads } from "../database.ts";
import type { MetadefPart } from "../metadef_records.ts";
import { NAMESPACE_COLUMNS, namespaceOf, schemaOf } from "./metadef_rows.ts";
import { namespaceVisible } from "./metadefs_read.ts";

function packed(table: string): string {
  return `(SELECT json_group_array(json_array(p.name, p.json_schema) ORDER BY p.name) FROM ${table} p
    WHERE p.namespace_id = n.id)`;
}

function unpack(json: string | number | null | undefined): Pick<MetadefPart, "name" | "schema">[] {
  const rows: [string, string][] = JSON.parse(String(json));
  return rows.map(([name, text]) => ({ name, schema: schemaOf(text) }));
}

/** `DatabaseReads.metadefDefinitions`. */
export async function readDefinitions(
  conn: Conn,
  { resourceType, names, viewer }: Parameters<DatabaseReads["metadefDefinitions"]>[0],
): ReturnType<DatabaseReads["metadefDefinitions"]> {
  const visible = namespaceVisible(viewer);
  const rows = await conn.all(
    `SELECT ${NAMESPACE_COLUMNS}, ${packed("metadef_objects")} AS objects_json,
       ${packed("metadef_properties")} AS properties_json
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
