/** What each write of metadata definitions tells (spec/background-jobs.md §7). Loading catalogue files tells nothing. */
import type { MetadefSubject, NewEvent } from "../../db/event_records.ts";
import type { MetadefKind } from "../../db/metadef_records.ts";
import type { EventTable } from "./told_by_writes.ts";

const PLURAL: Record<MetadefKind, string> = { object: "objects", property: "properties", tag: "tags" };

function metadefEvent(verb: string, of: MetadefSubject, extra?: Record<string, unknown>): NewEvent {
  return {
    type: `metadef_${of.what}.${verb}`,
    priority: "INFO",
    about: { kind: "metadef", of },
    ...(extra ? { extra } : {}),
  };
}

const created = (namespace: number | string, what: MetadefSubject["what"], named: { name: string }[]) =>
  named.map(({ name }) => metadefEvent("create", { what, namespace, name }));

export const METADEF_EVENTS: EventTable = {
  createMetadefNamespace: ({ columns: { namespace }, associations, objects, tags, properties }) => [
    metadefEvent("create", { what: "namespace", namespace }),
    ...created(namespace, "resource_type", associations),
    ...created(namespace, "object", objects),
    ...created(namespace, "tag", tags),
    ...created(namespace, "property", properties),
  ],
  changeMetadefNamespace: ({ id }) => [metadefEvent("update", { what: "namespace", namespace: id })],
  removeMetadefNamespace: ({ id }) => [
    metadefEvent("delete", { what: "namespace", namespace: id, before: true }),
  ],
  addMetadefParts: ({ namespaceId, kind, parts }) => created(namespaceId, kind, parts),
  changeMetadefPart: ({ namespaceId, kind, name, part }) => [
    metadefEvent("update", { what: kind, namespace: namespaceId, name: part.name }, { name_old: name }),
  ],
  removeMetadefPart: ({ namespaceId, kind, name }) => [
    metadefEvent("delete", { what: kind, namespace: namespaceId, name, before: true }),
  ],
  clearMetadefParts: ({ namespaceId, kind }) => [
    metadefEvent(`delete_${PLURAL[kind]}`, { what: "namespace", namespace: namespaceId }),
  ],
  addMetadefAssociation: ({ namespaceId, association }) =>
    created(namespaceId, "resource_type", [association]),
  removeMetadefAssociation: ({ namespaceId, name }) => [
    metadefEvent("delete", { what: "resource_type", namespace: namespaceId, name, before: true }),
  ],
};
