/** Sends what stands in the outbox: in order, at least once, one process at a time. */
import type { EventRecord } from "../../db/event_records.ts";
import type { Deps } from "../deps.ts";
import { outsideLogContext } from "../observe/context.ts";
import { getLog } from "../observe/log.ts";
import { fateOf, processName } from "../util/process_name.ts";
import { toTimestamp } from "../util/timestamp.ts";
import { type Driver, makeDrivers } from "./drivers.ts";
import { notificationOf } from "./message.ts";

const log = getLog("oneglance.notify");

/** Events taken at once. */
const BATCH = 100;
/** How long taken events are ours, in ms; longer than a batch may take to be confirmed. */
const HOLDS = 60_000;
/** How often it is looked for what other processes wrote or left, in ms. */
const EVERY = 5000;

type Parts = Pick<Deps, "config" | "db" | "events">;

/** The sender of a process. */
export class Sender {
  readonly #parts: Parts;
  readonly #drivers: readonly Driver[];
  readonly #owner = processName();
  #running: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #failures = 0;
  /** Ends the pause after a failure. */
  #pause: { end: () => void; timer: ReturnType<typeof setTimeout> } | null = null;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(parts: Parts, drivers: readonly Driver[]) {
    this.#parts = parts;
    this.#drivers = drivers;
    this.#timer = setInterval(() => this.wake(), EVERY);
    parts.db.onEvents(() => this.wake());
  }

  /** Looks for events now, unless it is at it or pauses after a failure. */
  wake(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#running ??= outsideLogContext(() => this.#run()).finally(() => this.#running = null);
  }

  /** Ends what is under way, and lets go of what was not sent: the next process sends it. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#parts.db.onEvents(null);
    this.#pause?.end();
    await this.#running;
    if (this.#failures > 0) {
      await this.#parts.db.write.releaseEvents({ owner: this.#owner }).catch(() => {});
    }
    for (const driver of this.#drivers) await driver.close();
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        while (!this.#closed && await this.#sendBatch());
      } catch (error) {
        log.error("the notifications that wait cannot be read", { error, repeated: "reading" });
      }
    }
  }

  /** False when nothing waits, or another process is at it. */
  async #sendBatch(): Promise<boolean> {
    const { db, config } = this.#parts;
    const oldest = await db.read.oldestEvent();
    if (!oldest) return false;
    await this.#dropOld(oldest.created_at);
    const { owner } = oldest;
    const fate = owner === null || owner === this.#owner ? null : fateOf(owner);
    if (fate === "alive") return false;
    const now = Date.now();
    const events = await db.write.takeEvents({
      owner: this.#owner,
      now: toTimestamp(now),
      expiresAt: toTimestamp(now + HOLDS),
      limit: BATCH,
      dead: fate === "dead" ? owner : null,
    });
    if (events.length === 0) return false;
    const publisher = config.get("DEFAULT.default_publisher_id");
    try {
      const notifications = events.map((event) => notificationOf(event, publisher));
      for (const driver of this.#drivers) await driver.send(notifications);
    } catch (error) {
      await this.#failed(events, error);
      return true;
    }
    if (this.#failures > 0) log.info("notifications are being sent again");
    this.#failures = 0;
    await this.#drop(events);
    return true;
  }

  async #drop(events: readonly EventRecord[]): Promise<void> {
    await this.#parts.db.write.dropEvents({ owner: this.#owner, ids: events.map(({ id }) => id) });
  }

  /** Pauses, longer each time; after `retry` attempts, if there is such a number, gives these up. */
  async #failed(events: readonly EventRecord[], error: unknown): Promise<void> {
    const { config } = this.#parts;
    const text = error instanceof Error ? error.message : String(error);
    if (this.#failures++ === 0) log.warn(`notifications wait, because they cannot be sent: ${text}`);
    else log.debug(`notifications still cannot be sent: ${text}`);
    const retry = config.get("oslo_messaging_notifications.retry");
    if (retry >= 0 && this.#failures > retry) {
      log.warn(`${events.length} notifications are given up after ${this.#failures} attempts: ${text}`);
      this.#failures = 0;
      await this.#drop(events);
      return;
    }
    const first = config.get("oslo_messaging_rabbit.rabbit_retry_interval");
    const more = config.get("oslo_messaging_rabbit.rabbit_retry_backoff") * (this.#failures - 1);
    await this.#wait(Math.min(first + more, config.get("oslo_messaging_rabbit.rabbit_interval_max")) * 1000);
  }

  async #wait(millis: number): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#pause = { end: resolve, timer: setTimeout(resolve, millis) };
    });
    clearTimeout(this.#pause!.timer);
    this.#pause = null;
  }

  async #dropOld(oldest: string): Promise<void> {
    const seconds = this.#parts.config.get("oneglance.notification_max_age");
    const before = toTimestamp(Date.now() - seconds * 1000);
    if (seconds === 0 || oldest >= before) return;
    const dropped = await this.#parts.db.write.dropOldEvents({ before });
    if (dropped > 0) log.warn(`${dropped} notifications could not be sent for ${seconds} s and are dropped`);
  }
}

/** Starts to send what waits and what comes; null when nobody listens. Errors: config. */
export function startSender(parts: Parts, drivers = makeDrivers(parts.config)): Sender | null {
  if (!parts.events.on) return null;
  const sender = new Sender(parts, drivers);
  sender.wake();
  return sender;
}
