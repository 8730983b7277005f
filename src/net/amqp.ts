/** A RabbitMQ that messages are published to, confirmed by the broker (AMQP 0-9-1). */
import { Buffer } from "node:buffer";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { fail, GlanceError } from "../errors.ts";

/** One broker of a cluster. Holds secrets: never logged. */
export interface BrokerHost {
  host: string;
  port: number;
  user: string;
  password: string;
}

export interface AmqpOptions {
  /** Tried in this order, from the one that was reached last. */
  hosts: readonly BrokerHost[];
  vhost: string;
  /** PEM texts; null: no TLS. */
  tls: { ca: string | null; cert: string | null; key: string | null } | null;
  exchange: string;
  /** Of exchange and queues; they must be as other programs have declared them. */
  durable: boolean;
  autoDelete: boolean;
  queueArguments: Record<string, unknown>;
  /** Seconds; 0 = none. */
  heartbeat: number;
}

export interface AmqpMessage {
  /** The queue as well, which is made when it is not there. */
  routingKey: string;
  /** JSON. */
  body: string;
  messageId: string;
}

/** Milliseconds for a connection to be made. */
const CONNECT_MS = 5000;
/** Milliseconds until a batch must be confirmed. */
const CONFIRM_MS = 20_000;

interface Link {
  model: ChannelModel;
  channel: ConfirmChannel;
  declared: Set<string>;
  /** Why it cannot be used any more. */
  broken: Error | null;
}

/** A connection that is made when there is something to publish, and made anew when it is lost. */
export class AmqpPublisher {
  readonly #options: AmqpOptions;
  #link: Link | null = null;
  #next = 0;

  constructor(options: AmqpOptions) {
    this.#options = options;
  }

  /** Resolves when the broker has confirmed every message. Errors: unavailable; then any part of them may have arrived. */
  async publish(messages: readonly AmqpMessage[]): Promise<void> {
    const link = await this.#connected();
    try {
      await within(CONFIRM_MS, this.#publishOn(link, messages));
      if (link.broken) throw link.broken;
    } catch (error) {
      this.#drop(link);
      // The channel says less than the reason why it was closed.
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
        last = new Error(`${host.host}:${host.port}: ${textOf(error)}`, { cause: error });
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
    // Not waited for: a broker that has gone may never answer.
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

async function within<T>(millis: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), millis);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refusal(error: unknown): GlanceError {
  return new GlanceError("unavailable", `The message bus cannot be used: ${textOf(error)}`, { cause: error });
}

/** Reads a PEM file of the configuration; null for none. Errors: config. */
export function readPemFile(path: string): string | null {
  if (path === "") return null;
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    return fail("config", `The certificate file ${path} cannot be read.`, { cause });
  }
}
