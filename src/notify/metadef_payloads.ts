/** The payloads of notifications about metadata definitions (docs/reference/background-jobs.md §7). */
import type { MetadefBody } from "../../db/event_records.ts";
import type { AssociationRecord, MetadefPartRecord, NamespaceRecord } from "../../db/metadef_records.ts";
import type { Timestamp } from "../../db/records.ts";
import { isoTime } from "./iso_time.ts";

type Payload = Record<string, unknown>;

/** The parts of a property's schema that notifications contain. */
const SCHEMA = [
  "type",
  "title",
  "description",
  "default",
  "minimum",
  "maximum",
  "enum",
  "pattern",
  "minLength",
  "maxLength",
  "confidential",
  "items",
  "uniqueItems",
  "minItems",
  "maxItems",
  "additionalItems",
];

/** `deletedAt`: when it went; null while it is there. */
export function metadefPayload(body: MetadefBody, deletedAt: Timestamp | null): Payload {
  const gone = { deleted: deletedAt !== null, deleted_at: isoTime(deletedAt) };
  const { namespace } = body;
  const { created_at, updated_at } = body.record;
  const times = { created_at: isoTime(created_at), updated_at: isoTime(updated_at) };
  if (body.what === "namespace") {
    const { display_name, visibility, owner, description, protected: isProtected } = body
      .record as NamespaceRecord;
    const own = { display_name, protected: isProtected, visibility, owner, description };
    return { namespace, namespace_old: body.namespace_old, ...own, ...times, ...gone };
  }
  const { name } = body.record as MetadefPartRecord | AssociationRecord;
  const named = { namespace, name, name_old: name };
  if (body.what === "resource_type") {
    const { prefix, properties_target } = body.record as AssociationRecord;
    return { ...named, prefix, properties_target, ...times, ...gone };
  }
  const part = body.record as MetadefPartRecord;
  if (body.what === "tag") return { ...named, ...times, ...gone };
  if (body.what === "property") return { ...named, ...pick(part.schema, (value) => value ?? null), ...gone };
  const { required, description } = part;
  const properties = Object.entries(part.schema).map(([name, schema]) => ({
    name,
    ...pick(schema as Payload, (value) => value || null),
  }));
  return { ...named, properties, required, description, ...times, ...gone };
}

function pick(schema: Payload, told: (value: unknown) => unknown): Payload {
  return Object.fromEntries(SCHEMA.map((name) => [name, told(schema?.[name])]));
}
