/**
 * Where notifications are delivered (docs/reference/configuration.md §15), and how oslo.messaging writes them
 * (docs/reference/background-jobs.md §7): message, transport URL, drivers.
 */
import type { EventPriority, EventRecord } from "../../db/event_records.ts";
import type { Timestamp } from "../../db/records.ts";
import type { Config } from "../config/config.ts";
import { parseBool } from "../config/types.ts";
import { fail } from "../errors.ts";
import { type AmqpOptions, AmqpPublisher, type BrokerHost } from "../net/amqp.ts";
import { readPem } from "../net/pem.ts";
import { getLog } from "../observe/log.ts";
import { payloadOf } from "./payloads.ts";

interface Notification {
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

/** A parsed URL. Holds secrets: never logged. */
interface TransportUrl {
  hosts: BrokerHost[];
  vhost: string;
  /** Options of `[oslo_messaging_rabbit]` for this bus, by name. */
  query: Map<string, string>;
}

const FORM = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/i;
const HOST = /^(?:(.*)@)?(\[[0-9a-fA-F:.]+\]|[^:@[\]]+)(?::(\d{1,5}))?$/;
const DEFAULT_PORT = 5672;

/**
 * Parses `rabbit://user:password@host:port,host2/vhost?ssl=1`. A host without a login has the one of the host before.
 * Errors: config; the text, which holds a password, is not in them.
 */
export function parseTransportUrl(text: string): TransportUrl {
  const [, scheme, hosts, path, query] = FORM.exec(text.trim()) ?? fail("config", `${NAME} is not a URL.`);
  if (scheme!.toLowerCase() !== "rabbit") {
    fail("config", `${NAME} begins with ${scheme}://; only rabbit:// is supported.`);
  }
  return {
    hosts: parseHosts(hosts!),
    vhost: decode(path ?? "") || "/",
    query: new Map(new URLSearchParams(query ?? "")),
  };
}

const NAME = "transport_url";

function parseHosts(text: string): BrokerHost[] {
  let [user, password] = ["guest", "guest"];
  return (text === "" ? "localhost" : text).split(",").map((part) => {
    const [, login, host, port] = HOST.exec(part.trim()) ??
      fail("config", `${NAME}: one of the hosts is not user:password@host:port.`);
    if (login !== undefined) {
      const colon = login.indexOf(":");
      user = decode(colon < 0 ? login : login.slice(0, colon));
      password = colon < 0 ? "" : decode(login.slice(colon + 1));
    }
    const number = port === undefined ? DEFAULT_PORT : Number(port);
    if (number < 1 || number > 65535) fail("config", `${NAME}: ${number} is not a port.`);
    return { host: host!.replace(/^\[|\]$/g, ""), port: number, user, password };
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return fail("config", `${NAME} has a % that does not begin an escape; write it as %25.`);
  }
}

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
