/** Namespaces from catalogue files, and the end of all of them (docs/reference/metadefs-api.md §11.2). */
import type { WriteConn } from "../conn.ts";
import type { LoadMode, LoadOutcome, MetadefKind, NewNamespace } from "../metadef_records.ts";
import type { Timestamp } from "../records.ts";
import {
  deleteNamespaceRows,
  insertNamespace,
  namespaceId,
  overwriteNamespace,
} from "./metadef_namespaces.ts";
import { insertPart, overwritePart } from "./metadef_parts.ts";
import {
  insertAssociation,
  insertResourceType,
  isAssociated,
  resourceTypeId,
} from "./metadef_resource_types.ts";
import { readPart } from "./metadef_rows.ts";

/** Rows from files are made now and never were changed. */
function fresh(now: Timestamp) {
  return { created_at: now, updated_at: null };
}

/** Adds what is missing; `prefer` writes over what is there. */
async function mergeContents(
  conn: WriteConn,
  id: number,
  file: NewNamespace,
  prefer: boolean,
): Promise<void> {
  for (const association of file.associations) {
    const known = await resourceTypeId(conn, association.name);
    const typeId = known ?? await insertResourceType(conn, association.name, true, fresh(conn.now()));
    if (prefer && known !== null) {
      await conn.run("UPDATE metadef_resource_types SET updated_at = ? WHERE id = ?", [conn.now(), known]);
    }
    if (!await isAssociated(conn, id, typeId)) {
      await insertAssociation(conn, id, typeId, association, fresh(conn.now()));
    } else if (prefer) {
      await conn.run(
        `UPDATE metadef_namespace_resource_types SET prefix = ?, properties_target = ?, updated_at = ?
         WHERE namespace_id = ? AND resource_type_id = ?`,
        [association.prefix, association.properties_target, conn.now(), id, typeId],
      );
    }
  }
  const parts: [MetadefKind, NewNamespace["tags"]][] = [
    ["property", file.properties],
    ["object", file.objects],
    ["tag", file.tags],
  ];
  for (const [kind, list] of parts) {
    for (const part of list) {
      const old = await readPart(conn, { namespaceId: id, kind, name: part.name });
      if (!old) await insertPart(conn, id, kind, part, fresh(conn.now()));
      else if (prefer) {
        // No file says which properties an object requires.
        await overwritePart(conn, id, kind, part.name, { ...part, required: old.required });
      }
    }
  }
}

/** One catalogue file, all or nothing. */
export async function loadNamespace(
  conn: WriteConn,
  { file, mode }: { file: NewNamespace; mode: LoadMode },
): Promise<LoadOutcome> {
  const present = await namespaceId(conn, file.columns.namespace);
  if (present !== null) {
    if (mode === "keep") return "skipped";
    if (mode !== "overwrite") {
      if (mode === "prefer_new") await overwriteNamespace(conn, present, file.columns);
      await mergeContents(conn, present, file, mode === "prefer_new");
      return "merged";
    }
    await deleteNamespaceRows(conn, present);
  }
  const id = await insertNamespace(conn, file.columns, fresh(conn.now()));
  await mergeContents(conn, id, file, false);
  return present === null ? "inserted" : "replaced";
}

/** Removes every metadata definition and resource type. Everything, resource types too. */
export async function unloadMetadefs(conn: WriteConn): Promise<void> {
  const tables = [
    "tags",
    "objects",
    "properties",
    "namespace_resource_types",
    "namespaces",
    "resource_types",
  ];
  for (const table of tables) await conn.run(`DELETE FROM metadef_${table}`);
}
