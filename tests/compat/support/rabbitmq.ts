/** A real RabbitMQ for one test, and the messages in its queues. Needs Debian's rabbitmq-server. */
import { type ChannelModel, connect } from "amqplib";
import { command, must } from "./processes.ts";

const SCRIPTS = new URL("../rabbitmq/", import.meta.url).pathname;

/** Whether RabbitMQ is installed. */
export function hasRabbitmq(): boolean {
  try {
    return Deno.statSync("/usr/lib/rabbitmq/bin/rabbitmq-server").isFile;
  } catch {
    return false;
  }
}

export interface Rabbitmq extends AsyncDisposable {
  port: number;
  /** Stops the broker; messages in memory are lost. */
  down(): Promise<void>;
  /** Starts the broker again on the same port. */
  up(): Promise<void>;
}

/** A message in a queue. */
export interface Got {
  contentType: string;
  exchange: string;
  body: Record<string, unknown>;
}

export async function startRabbitmq(): Promise<Rabbitmq> {
  const work = await Deno.makeTempDir({ prefix: "oneglance_rabbitmq_" });
  const up = async (...port: string[]) => Number((await must(`${SCRIPTS}up.sh`, [work, ...port])).trim());
  const down = async (...more: string[]) => void await command(`${SCRIPTS}down.sh`, [work, ...more]);
  try {
    const port = await up();
    return {
      port,
      down: () => down(),
      up: async () => void await up(String(port)),
      [Symbol.asyncDispose]: () => down("--wipe"),
    };
  } catch (error) {
    await down("--wipe");
    throw error;
  }
}

/** Takes messages from a queue, which need not exist yet, until `enough` returns true. Throws after a minute. */
export async function takeFrom(port: number, queue: string, enough: (got: Got[]) => boolean): Promise<Got[]> {
  const got: Got[] = [];
  const end = Date.now() + 60_000;
  const broker = await connect({ hostname: "127.0.0.1", port });
  broker.on("error", () => {});
  try {
    while (!enough(got)) {
      if (Date.now() > end) throw new Error(`${queue} holds only ${JSON.stringify(got)}`);
      if (!await takeOne(broker, queue, got)) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return got;
  } finally {
    await broker.close().catch(() => {});
  }
}

/** Takes one message; true if there was one. Opens a channel each time, because a missing queue closes the channel. */
async function takeOne(broker: ChannelModel, queue: string, got: Got[]): Promise<boolean> {
  const channel = await broker.createChannel();
  channel.on("error", () => {});
  try {
    const message = await channel.get(queue, { noAck: true });
    if (!message) return false;
    got.push({
      contentType: String(message.properties.contentType),
      exchange: message.fields.exchange,
      body: JSON.parse(message.content.toString()),
    });
    return true;
  } catch {
    return false;
  } finally {
    await channel.close().catch(() => {});
  }
}
