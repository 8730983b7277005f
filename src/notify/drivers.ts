/** The drivers: where notifications are delivered (docs/reference/configuration.md §15). */
import type { Config } from "../config/config.ts";
import { getLog } from "../observe/log.ts";
import { makeMessaging } from "./messaging.ts";
import type { Notification } from "./message.ts";

const log = getLog("oneglance.notify");

/** Brings notifications, in order. An error means that any part of them may have arrived: all are brought again. */
export interface Driver {
  send(notifications: readonly Notification[]): Promise<void>;
  close(): Promise<void>;
}

const nowhere: Driver = { send: () => Promise.resolve(), close: () => Promise.resolve() };

/** One line for each, at its priority, by the logger of its type; `fail`-free. */
const logging: Driver = {
  ...nowhere,
  send(notifications) {
    for (const notification of notifications) {
      const logger = getLog(`oslo.messaging.notification.${notification.event_type}`);
      const text = JSON.stringify(notification);
      if (notification.priority === "ERROR") logger.error(text);
      else if (notification.priority === "WARN") logger.warn(text);
      else logger.info(text);
    }
    return Promise.resolve();
  },
};

const DRIVERS: Record<string, (config: Config) => Driver> = {
  messagingv2: (config) => makeMessaging(config, "2.0"),
  messaging: (config) => makeMessaging(config, "1.0"),
  log: () => logging,
  test: () => logging,
  noop: () => nowhere,
};

/** The configured ones; those that can fail come first, so that the others need not speak twice. Errors: config. */
export function makeDrivers(config: Config): Driver[] {
  const names = new Set(config.get("oslo_messaging_notifications.driver").map((name) => name.trim()));
  for (const name of names) {
    if (name !== "" && !Object.hasOwn(DRIVERS, name)) {
      log.warn(`notification driver '${name}' is not supported`);
    }
  }
  return Object.keys(DRIVERS).filter((name) => names.has(name)).map((name) => DRIVERS[name]!(config));
}
