/** Which events are told at all: decided by the configuration, before anything is built. */
import type { NewEvent } from "../../db/event_records.ts";
import type { Config } from "../config/config.ts";

/** Drivers that bring a notification to somebody. */
const SPEAKING = ["log", "test", "messaging", "messagingv2"];

/** What the rest of the program knows of notifications. */
export interface Events {
  /** Whether a driver is configured; otherwise nothing is ever written. */
  readonly on: boolean;
  /** Whether this type of event is told. */
  wants(type: string): boolean;
  /** Of these, what is told. */
  pick(events: readonly NewEvent[]): NewEvent[];
  /** Called after each transaction that wrote events. */
  told: () => void;
}

/** Reads `driver` and `disabled_notifications`: exact types, or the group before a type's first dot. */
export function makeEvents(config: Pick<Config, "get">): Events {
  const on = config.get("oslo_messaging_notifications.driver").some((name) => SPEAKING.includes(name));
  const disabled = new Set(config.get("DEFAULT.disabled_notifications"));
  const wants = (type: string) => on && !disabled.has(type) && !disabled.has(type.split(".", 1)[0]!);
  return { on, wants, pick: (events) => events.filter(({ type }) => wants(type)), told: () => {} };
}
