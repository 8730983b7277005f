/** Events as the database takes and gives them (spec/background-jobs.md §7). */
import type {
  AssociationRecord,
  MetadefKind,
  MetadefPartRecord,
  NamespaceRecord,
} from "./metadef_records.ts";
import type { Timestamp } from "./records.ts";

export type EventPriority = "INFO" | "WARN" | "ERROR";

/** What kind of record the body of an event is; `payload`: it is the payload itself. */
export type EventSubject = "image" | "member" | "task" | "metadef" | "payload";

/** A metadata definition that an event tells of. */
export interface MetadefSubject {
  what: "namespace" | "resource_type" | MetadefKind;
  /** Its namespace, by id or by name. */
  namespace: number | string;
  /** Of a part or a resource type. */
  name?: string;
  /** As it stands before the change, not after it: it is about to go. */
  before?: boolean;
}

/** The body of an event about a metadata definition. */
export interface MetadefBody {
  what: MetadefSubject["what"];
  namespace: string;
  /** The namespace's name before the change. */
  namespace_old: string;
  record: NamespaceRecord | MetadefPartRecord | AssociationRecord;
}

/** An event to be written with a change. It is not written when the change does not happen. */
export interface NewEvent {
  /** `image.create` and so on. */
  type: string;
  priority: EventPriority;
  /** What it tells of, as it stands after the change. `image` and `member` alone mean the record the write answers with. */
  about:
    | { kind: "image"; id?: string }
    | { kind: "member"; imageId?: string; member?: string }
    /** By its id or, while it runs, by the token of its run. */
    | { kind: "task"; id?: string; token?: string }
    /** `body` and `old`: what was found before the change, filled in by the write. */
    | { kind: "metadef"; of: MetadefSubject; body?: MetadefBody | null; old?: string }
    | { kind: "payload"; payload: unknown };
  /** Fields that the payload gets besides. */
  extra?: Record<string, unknown>;
}

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
