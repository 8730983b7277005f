/** Publishes messages to RabbitMQ with publisher confirms (AMQP 0-9-1). */
import { Buffer } from "node:buffer";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { GlanceError } from "../errors.ts";
import { errorText } from "../util/error_text.ts";
import { withTimeout } from "../util/timeout.ts";

/** One broker of a cluster. Holds secrets: never logged. */
export interface BrokerHost {
  host: string;
  port: number;
  user: string;
  password: string;
}

export interface AmqpOptions {
  /** Tried in this order, starting at the last one that was reached. */
  hosts: readonly BrokerHost[];
  vhost: string;
  /** PEM texts; null: no TLS. */
  tls: { ca: string | null; cert: string | null; key: string | null } | null;
  exchange: string;
  /** For exchange and queues; must match what other programs declare. */
  durable: boolean;
  autoDelete: boolean;
  queueArguments: Record<string, unknown>;
  /** Seconds; 0 = none. */
  heartbeat: number;
}

interface AmqpMessage {
  /** Also the name of the queue, which is created if missing. */
  routingKey: string;
  /** JSON. */
  body: string;
  messageId: string;
}

/** Milliseconds to connect. */
const CONNECT_MS = 5000;
/** Milliseconds for the broker to confirm a batch. */
const CONFIRM_MS = 20_000;

interface Link {
  model: ChannelModel;
  channel: ConfirmChannel;
  declared: Set<string>;
  /** Why it is no longer usable. */
  broken: Error | null;
}

/** Connects when there is something to publish, and reconnects when the connection is lost. */
export class AmqpPublisher {
  readonly #options: AmqpOptions;
  #link: Link | null = null;
  #next = 0;

  constructor(options: AmqpOptions) {
    this.#options = options;
  }

  /** Resolves when the broker has confirmed every message. Errors: unavailable; some messages may have arrived then. */
  async publish(messages: readonly AmqpMessage[]): Promise<void> {
    const link = await this.#connected();
    try {
      await within(CONFIRM_MS, this.#publishOn(link, messages));
      if (link.broken) throw link.broken;
    } catch (error) {
      this.#drop(link);
      // The reason for the close says more than the channel's error.
      throw refusal(link.broken ?? error);
    }
  }

  async close(): Promise<void> {
    const link = this.#link;
    this.#link = null;
    if (link) await within(2000, link.model.close()).catch(() => {});
  }

  async #publishOn(link: Link, messages: readonly AmqpMessage[]): Promise<void> {
    const { exchange } = this.#options;
    for (const { routingKey } of messages) await this.#declare(link, routingKey);
    for (const { routingKey, body, messageId } of messages) {
      link.channel.publish(exchange, routingKey, Buffer.from(body), {
        contentType: "application/json",
        contentEncoding: "utf-8",
        deliveryMode: 2,
        priority: 0,
        messageId,
      });
    }
    await link.channel.waitForConfirms();
  }

  /** As oslo.messaging does: a topic exchange, and a queue named after the routing key. */
  async #declare({ channel, declared }: Link, queue: string): Promise<void> {
    if (declared.has(queue)) return;
    const { exchange, durable, autoDelete, queueArguments } = this.#options;
    await channel.assertExchange(exchange, "topic", { durable, autoDelete });
    await channel.assertQueue(queue, { durable, autoDelete, arguments: queueArguments });
    await channel.bindQueue(queue, exchange, queue);
    declared.add(queue);
  }

  async #connected(): Promise<Link> {
    if (this.#link && !this.#link.broken) return this.#link;
    const { hosts } = this.#options;
    let last: unknown;
    for (let tried = 0; tried < hosts.length; tried++) {
      const host = hosts[(this.#next + tried) % hosts.length]!;
      try {
        this.#link = await this.#connect(host);
        this.#next = (this.#next + tried) % hosts.length;
        return this.#link;
      } catch (error) {
        last = new Error(`${host.host}:${host.port}: ${errorText(error)}`, { cause: error });
      }
    }
    throw refusal(last);
  }

  async #connect({ host, port, user, password }: BrokerHost): Promise<Link> {
    const { vhost, tls, heartbeat } = this.#options;
    const where = { hostname: host, port, username: user, password, vhost, heartbeat };
    const model = await connect(
      { ...where, protocol: tls ? "amqps" : "amqp" },
      { timeout: CONNECT_MS, ...(tls ? tlsOptions(tls, host) : {}) },
    );
    const link: Partial<Link> & Pick<Link, "broken"> = { model, declared: new Set(), broken: null };
    const broken = (error?: Error) => link.broken ??= error ?? new Error("the connection was closed");
    model.on("error", broken);
    model.on("close", broken);
    try {
      link.channel = await within(CONNECT_MS, model.createConfirmChannel());
    } catch (error) {
      model.close().catch(() => {});
      throw error;
    }
    link.channel.on("error", broken);
    link.channel.on("close", () => broken());
    return link as Link;
  }

  #drop(link: Link): void {
    if (this.#link === link) this.#link = null;
    // Not awaited: a dead broker may never answer.
    link.model.close().catch(() => {});
  }
}

function tlsOptions(tls: NonNullable<AmqpOptions["tls"]>, host: string): Record<string, unknown> {
  return {
    servername: host,
    ...(tls.ca === null ? {} : { ca: [tls.ca] }),
    ...(tls.cert === null ? {} : { cert: tls.cert, key: tls.key ?? tls.cert }),
  };
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return withTimeout<T>(promise, ms, () => {
    throw new Error("no answer in time");
  });
}

function refusal(error: unknown): GlanceError {
  return new GlanceError("unavailable", `The message bus cannot be used: ${errorText(error)}`, {
    cause: error,
  });
}
