/** Metadata definitions as events tell of them: looked up in the transaction of the change. */
import type { WriteConn } from "../conn.ts";
import type { MetadefBody, MetadefSubject, NewEvent } from "../event_records.ts";
import type { NamespaceRecord } from "../metadef_records.ts";
import { NAMESPACE_COLUMNS, namespaceOf } from "./metadef_rows.ts";
import { readPart } from "./metadefs_read.ts";

type About = Extract<NewEvent["about"], { kind: "metadef" }>;

/** Before the change: the body of what will go, the name of a namespace that may get another. */
export async function foreseeMetadef(conn: WriteConn, about: About): Promise<About> {
  if (about.of.before) return { ...about, body: await metadefBody(conn, about) };
  if (about.of.what !== "namespace") return about;
  const namespace = await namespaceBy(conn, about.of.namespace);
  return namespace ? { ...about, old: namespace.namespace } : about;
}

/** The body of an event; null when there is no such definition. */
export async function metadefBody(conn: WriteConn, { of, old }: About): Promise<MetadefBody | null> {
  const namespace = await namespaceBy(conn, of.namespace);
  if (!namespace) return null;
  const record = await recordOf(conn, namespace, of);
  if (!record) return null;
  const name = namespace.namespace;
  return { what: of.what, namespace: name, namespace_old: old ?? name, record };
}

async function recordOf(conn: WriteConn, namespace: NamespaceRecord, { what, name }: MetadefSubject) {
  if (what === "namespace") return namespace;
  if (what === "resource_type") return namespace.associations.find((each) => each.name === name) ?? null;
  return await readPart(conn, { namespaceId: namespace.id, kind: what, name: name! });
}

async function namespaceBy(conn: WriteConn, which: number | string): Promise<NamespaceRecord | null> {
  const column = typeof which === "number" ? "id" : "namespace";
  const row = await conn.one(
    `SELECT ${NAMESPACE_COLUMNS} FROM metadef_namespaces n WHERE n.${column} = ?`,
    [which],
  );
  return row ? namespaceOf(row) : null;
}
