/** Which events are recorded at all: decided by the configuration, before anything is built. */
import { type EventSettings, wantsEvent } from "../../db/conn_settings.ts";
import type { Config } from "../config/config.ts";

/** Drivers that deliver notifications. */
const SPEAKING = ["log", "test", "messaging", "messagingv2"];

/** What the rest of the program knows of notifications. */
export interface Events {
  /** Whether a driver is configured; otherwise nothing is ever recorded. */
  readonly on: boolean;
  /** Whether this type of event is recorded. */
  wants(type: string): boolean;
}

/** Reads `driver` and `disabled_notifications`; null when no driver brings notifications to anybody. */
export function eventSettings(config: Pick<Config, "get">): EventSettings | null {
  const on = config.get("oslo_messaging_notifications.driver").some((name) => SPEAKING.includes(name));
  return on ? { disabled: [...config.get("DEFAULT.disabled_notifications")] } : null;
}

export function makeEvents(settings: EventSettings | null): Events {
  return { on: settings !== null, wants: (type) => wantsEvent(settings, type) };
}
