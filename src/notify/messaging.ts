/** The drivers `messaging` and `messagingv2`: RabbitMQ, as oslo.messaging uses it. */
import type { Config } from "../config/config.ts";
import { parseBool } from "../config/types.ts";
import { fail } from "../errors.ts";
import { type AmqpOptions, AmqpPublisher } from "../net/amqp.ts";
import { readPem } from "../net/pem.ts";
import type { Driver } from "./drivers.ts";
import { wrap } from "./message.ts";
import { parseTransportUrl } from "./transport_url.ts";

/** Errors: config. Connects when there is something to send. */
export function makeMessaging(config: Config, version: "1.0" | "2.0"): Driver {
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
