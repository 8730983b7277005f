/** Notifications about metadata definitions (docs/reference/background-jobs.md §7). Loading catalogue files emits none. */
import type { WriteConn } from "../conn.ts";
import type { MetadefBody } from "../event_records.ts";
import type { MetadefKind, NamespaceRecord } from "../metadef_records.ts";
import { emit } from "./emit.ts";
import { namespaceColumns, namespaceOf, readPart } from "./metadef_rows.ts";

const PLURAL: Record<MetadefKind, string> = { object: "objects", property: "properties", tag: "tags" };

/** A metadata definition: a namespace, or what `name` is of in it. */
export interface Subject {
  what: MetadefBody["what"];
  namespaceId: number;
  name?: string;
}

/** `metadef_….create` or `.update` of a definition as it is now. `was`: what a namespace was called before. */
export async function emitMetadef(
  conn: WriteConn,
  verb: "create" | "update",
  subject: Subject,
  { was, extra }: { was?: string; extra?: Record<string, unknown> } = {},
): Promise<void> {
  const type = `metadef_${subject.what}.${verb}`;
  if (!conn.wants(type)) return;
  const body = await metadefBody(conn, subject, was);
  if (body) await emit(conn, { type, about: "metadef", body, ...(extra ? { extra } : {}) });
}

/** Looks a definition up that is about to go; the caller calls what is returned when it has gone. */
export async function beforeRemoval(conn: WriteConn, subject: Subject): Promise<() => Promise<void>> {
  const type = `metadef_${subject.what}.delete`;
  const body = conn.wants(type) ? await metadefBody(conn, subject) : null;
  return async () => {
    if (body) await emit(conn, { type, about: "metadef", body });
  };
}

/** `metadef_namespace.delete_objects` and so on: all of a kind have gone. */
export async function emitCleared(conn: WriteConn, namespaceId: number, kind: MetadefKind): Promise<void> {
  const type = `metadef_namespace.delete_${PLURAL[kind]}`;
  if (!conn.wants(type)) return;
  const body = await metadefBody(conn, { what: "namespace", namespaceId });
  if (body) await emit(conn, { type, about: "metadef", body });
}

async function metadefBody(conn: WriteConn, subject: Subject, was?: string): Promise<MetadefBody | null> {
  const row = await conn.one(
    `SELECT ${namespaceColumns(conn.dialect)} FROM metadef_namespaces n WHERE n.id = ?`,
    [
      subject.namespaceId,
    ],
  );
  if (!row) return null;
  const namespace = namespaceOf(row);
  const record = await recordOf(conn, namespace, subject);
  if (!record) return null;
  const name = namespace.namespace;
  return { what: subject.what, namespace: name, namespace_old: was ?? name, record };
}

async function recordOf(conn: WriteConn, namespace: NamespaceRecord, { what, name }: Subject) {
  if (what === "namespace") return namespace;
  if (what === "resource_type") return namespace.associations.find((each) => each.name === name) ?? null;
  return await readPart(conn, { namespaceId: namespace.id, kind: what, name: name! });
}
