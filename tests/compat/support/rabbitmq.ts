/** A real RabbitMQ of the test's own, and what stands in its queues. Needs Debian's rabbitmq-server. */
import { type ChannelModel, connect } from "amqplib";
import { command, must } from "./processes.ts";

const SCRIPTS = new URL("../rabbitmq/", import.meta.url).pathname;

/** Whether it is installed. */
export function hasRabbitmq(): boolean {
  try {
    return Deno.statSync("/usr/lib/rabbitmq/bin/rabbitmq-server").isFile;
  } catch {
    return false;
  }
}

export interface Rabbitmq extends AsyncDisposable {
  port: number;
  /** Stops it; what its queues held in memory is gone. */
  down(): Promise<void>;
  /** Starts it again on the same port. */
  up(): Promise<void>;
}

/** A message as it stands in a queue. */
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

/** Takes messages out of a queue, which need not be there yet, until `enough` says so. Throws after a minute. */
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

/** A channel is closed by the look at a queue that is not there, so each look has one of its own. */
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
