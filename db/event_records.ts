/** Events as the database takes and gives them (docs/reference/background-jobs.md §7). */
import type {
  AssociationRecord,
  MetadefKind,
  MetadefPartRecord,
  NamespaceRecord,
} from "./metadef_records.ts";
import type { Timestamp } from "./records.ts";

export type EventPriority = "INFO" | "WARN" | "ERROR";

/** What kind of record the body of an event is; `payload`: it is the payload itself. */
type EventSubject = "image" | "member" | "task" | "metadef" | "payload";

/** The body of an event about a metadata definition. */
export interface MetadefBody {
  what: "namespace" | "resource_type" | MetadefKind;
  namespace: string;
  /** The namespace's name before the change. */
  namespace_old: string;
  record: NamespaceRecord | MetadefPartRecord | AssociationRecord;
}

/** An event of a change, recorded in its transaction. */
export interface NewEvent {
  /** `image.create` and so on. */
  type: string;
  /** Default `INFO`. */
  priority?: EventPriority;
  about: EventSubject;
  /** The record it is about, as it is after the change; of `payload`, the payload itself. */
  body: unknown;
  /** Fields that the payload gets besides. */
  extra?: Record<string, unknown>;
}

/** An event that goes with no change of the database. */
export type LooseEvent =
  & Pick<NewEvent, "type" | "priority" | "extra">
  & (
    /** About an image, as it is when the event is recorded. */
    | { imageId: string }
    | { payload: unknown }
  );

/** An event that waits to be sent. */
export interface EventRecord {
  id: number;
  /** The same each time it is sent. */
  message_id: string;
  type: string;
  priority: EventPriority;
  about: EventSubject;
  body: unknown;
  extra: Record<string, unknown> | null;
  created_at: Timestamp;
}
