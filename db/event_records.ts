/** Events as the database takes and gives them (spec/background-jobs.md §7). */
import type { Timestamp } from "./records.ts";

export type EventPriority = "INFO" | "WARN" | "ERROR";

/** What kind of record the body of an event is; `payload`: it is the payload itself. */
export type EventSubject = "image" | "member" | "task" | "payload";

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
