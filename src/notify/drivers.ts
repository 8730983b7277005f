/** The drivers: where notifications are delivered (docs/reference/configuration.md §15). */
import type { Config } from "../config/config.ts";
import { parseBool } from "../config/types.ts";
import { fail } from "../errors.ts";
import { type AmqpOptions, AmqpPublisher } from "../net/amqp.ts";
import { readPem } from "../net/pem.ts";
import { getLog } from "../observe/log.ts";
import { type Notification, wrap } from "./message.ts";
import { parseTransportUrl } from "./transport_url.ts";

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

/** Errors: config. Connects when there is something to send. */
function makeMessaging(config: Config, version: "1.0" | "2.0"): Driver {
  const topics = config.get("oslo_messaging_notifications.topics");
  const publisher = new AmqpPublisher(amqpOptions(config));
  return {
    send: (notifications) =>
      publisher.publish(notifications.flatMap((notification) =>
        topics.map((topic) => ({
          routingKey: `${topic}.${notification.priority.toLowerCase()}`,
          body: wrap(notification, version),
          messageId: notification.message_id,
        }))
      )),
    close: () => publisher.close(),
  };
}

/** What the options and the URL, whose query has the last word, make of the connection. Errors: config. */
export function amqpOptions(config: Pick<Config, "get">): AmqpOptions {
  const url = parseTransportUrl(
    config.get("oslo_messaging_notifications.transport_url") ?? config.get("DEFAULT.transport_url") ??
      "rabbit://",
  );
  const flag = (name: "ssl" | "amqp_durable_queues" | "amqp_auto_delete" | "rabbit_quorum_queue") => {
    const text = url.query.get(name);
    if (text === undefined) return config.get(`oslo_messaging_rabbit.${name}`);
    try {
      return parseBool(text);
    } catch {
      return fail("config", `transport_url: ${name} must be true or false.`);
    }
  };
  const file = (name: "ssl_ca_file" | "ssl_cert_file" | "ssl_key_file") =>
    readPem(url.query.get(name) ?? config.get(`oslo_messaging_rabbit.${name}`));
  const quorum = flag("rabbit_quorum_queue");
  return {
    hosts: url.hosts,
    vhost: url.vhost,
    tls: flag("ssl")
      ? { ca: file("ssl_ca_file"), cert: file("ssl_cert_file"), key: file("ssl_key_file") }
      : null,
    exchange: config.get("DEFAULT.control_exchange"),
    durable: quorum || flag("amqp_durable_queues"),
    autoDelete: flag("amqp_auto_delete"),
    queueArguments: quorum ? { "x-queue-type": "quorum" } : {},
    heartbeat: Math.max(0, config.get("oslo_messaging_rabbit.heartbeat_timeout_threshold")),
  };
}
