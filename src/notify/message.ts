/** Notifications as oslo.messaging makes them (docs/reference/background-jobs.md §7). */
import type { EventPriority, EventRecord } from "../../db/event_records.ts";
import type { Timestamp } from "../../db/records.ts";
import { payloadOf } from "./payloads.ts";

export interface Notification {
  /** The same each time it is sent, so that a receiver recognises a repetition. */
  message_id: string;
  publisher_id: string;
  event_type: string;
  priority: EventPriority;
  payload: unknown;
  /** Naive UTC. */
  timestamp: Timestamp;
}

export function notificationOf(event: EventRecord, publisherId: string): Notification {
  return {
    message_id: event.message_id,
    publisher_id: publisherId,
    event_type: event.type,
    priority: event.priority,
    payload: payloadOf(event),
    timestamp: event.created_at,
  };
}

/** The body of a message: bare in version 1.0, in an envelope in 2.0. `_unique_id` is what oslo.messaging drops repetitions by. */
export function wrap(notification: Notification, version: "1.0" | "2.0"): string {
  const message = { ...notification, _unique_id: notification.message_id.replaceAll("-", "") };
  if (version === "1.0") return JSON.stringify(message);
  return JSON.stringify({ "oslo.version": "2.0", "oslo.message": JSON.stringify(message) });
}
