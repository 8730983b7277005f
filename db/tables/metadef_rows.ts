/** Rows of metadata definitions as records, the select lists that they come from, and one definition by its name. */
import { fail } from "../../src/errors.ts";
import type { Conn, Row, Value } from "../conn.ts";
import { perDialect } from "../dialects/dialect.ts";
import type {
  AssociationRecord,
  MetadefKind,
  MetadefPartRecord,
  NamespaceRecord,
} from "../metadef_records.ts";

/** The table of each kind, and its columns beside name and times. */
export const PARTS: Readonly<Record<MetadefKind, { table: string; columns: readonly string[] }>> = {
  object: { table: "metadef_objects", columns: ["description", "required", "json_schema"] },
  property: { table: "metadef_properties", columns: ["json_schema"] },
  tag: { table: "metadef_tags", columns: [] },
};

/** The columns of a namespace called `n`, its associations as one JSON text in the order in which they were made. */
export const namespaceColumns = perDialect((dialect) =>
  `n.id, n.namespace, n.display_name, n.description, n.visibility, n.protected,
  n.owner, n.created_at, n.updated_at, json_array(${
    dialect.collect({
      columns: ["t.name", "a.prefix", "a.properties_target", "a.created_at", "a.updated_at"],
      from: "metadef_namespace_resource_types a JOIN metadef_resource_types t ON t.id = a.resource_type_id",
      where: "a.namespace_id = n.id",
      order: "a.created_at, a.resource_type_id",
    })
  }) AS associations_json`
);

/** The list in a `json_array(…)` around one `Dialect.collect`. Errors: database, when it is too large for one row. */
export function collected<T>(json: Row[string] | undefined): T[] {
  if (json === null || json === undefined) {
    fail("database", "A metadata definition is larger than the database can return in one row.");
  }
  return (JSON.parse(String(json)) as [T[] | null])[0] ?? [];
}

export function namespaceOf(row: Row): NamespaceRecord {
  const { associations_json, ...columns } = row;
  type Packed = [string, string | null, string | null, string, string | null];
  const packed = collected<Packed>(associations_json);
  return {
    ...columns,
    protected: flag(row.protected),
    associations: packed.map((
      [name, prefix, properties_target, created_at, updated_at],
    ): AssociationRecord => ({
      name,
      prefix,
      properties_target,
      created_at,
      updated_at,
    })),
  } as NamespaceRecord;
}

/** The select list of a kind. */
export function partColumns(kind: MetadefKind): string {
  return ["name", ...PARTS[kind].columns, "created_at", "updated_at"].join(", ");
}

export function partOf(row: Row): MetadefPartRecord {
  return {
    name: String(row.name),
    description: row.description as string | null ?? null,
    required: row.required ? String(row.required).split(",") : [],
    schema: schemaOf(row.json_schema),
    created_at: String(row.created_at),
    updated_at: row.updated_at as string | null,
  };
}

/** A stored schema; upstream stores JSON null for a catalogue object without properties. */
export function schemaOf(text: Row[string] | undefined): Record<string, unknown> {
  if (typeof text !== "string") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : {};
  } catch {
    return {};
  }
}

function flag(value: Row[string] | undefined): boolean | null {
  return value === null || value === undefined ? null : value === 1;
}

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

/** Refuses a name that is taken. Errors: conflict. */
export function refuseDuplicate(what: string, name: string): never {
  fail("conflict", `The metadata definition ${what} with name=${name} already exists in its namespace.`);
}

/** Of a page: its order, every key in one direction. */
export function orderBy(keys: readonly string[], dir: "asc" | "desc"): string {
  return keys.map((key) => `${key} ${dir}`).join(", ");
}

/** The values of `keys` in one row, named k0, k1 …; null when the row is gone. */
export async function keyValues(
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
