/** Sends the rows of the outbox: in order, at least once, one process at a time. */
import { errorText } from "../util/error_text.ts";
import type { EventRecord } from "../../db/event_records.ts";
import type { Deps } from "../deps.ts";
import { getLog } from "../observe/log.ts";
import { fateOf, processName } from "../util/process_name.ts";
import { type Driver, makeDrivers, notificationOf } from "./drivers.ts";

const log = getLog("oneglance.notify");

/** Events taken at once. */
const BATCH = 100;
/** How long taken events are ours, in seconds; longer than a batch may take to be confirmed. */
const HOLDS = 60;

type Parts = Pick<Deps, "config" | "db" | "events">;

/** What one look did; `pauseSeconds`: events wait, and a driver that failed is not to be asked before. */
export interface Sent {
  did: string;
  failed: number;
  pauseSeconds?: number;
}

/** The sender of a process. */
export class Sender {
  readonly #parts: Parts;
  readonly #drivers: readonly Driver[];
  readonly #owner = processName();
  #failures = 0;

  constructor(parts: Parts, drivers: readonly Driver[]) {
    this.#parts = parts;
    this.#drivers = drivers;
  }

  /** Sends until nothing waits, `stop` fires or a driver fails; then it asks for a pause. Errors: database. */
  async send(stop: AbortSignal): Promise<Sent> {
    let sent = 0;
    while (!stop.aborted) {
      const batch = await this.#sendBatch();
      if (batch === null) break;
      if ("pauseSeconds" in batch) return { did: `${sent} sent, others wait`, failed: 1, ...batch };
      sent += batch.sent;
    }
    return { did: `${sent} sent`, failed: 0 };
  }

  /** Lets go of what was not sent: the next process sends it. */
  async close(): Promise<void> {
    if (this.#failures > 0) {
      await this.#parts.db.write.outbox.release({ owner: this.#owner }).catch(() => {});
    }
    for (const driver of this.#drivers) await driver.close();
  }

  /** Null when nothing waits, or another process sends. */
  async #sendBatch(): Promise<{ sent: number } | { pauseSeconds: number } | null> {
    const { db, config } = this.#parts;
    const maxAge = config.get("oneglance.notification_max_age");
    const oldest = await db.read.outbox.oldest({ seconds: maxAge });
    if (!oldest) return null;
    if (oldest.old) await this.#dropOld(maxAge);
    const { owner } = oldest;
    const fate = owner === null || owner === this.#owner ? null : fateOf(owner);
    if (fate === "alive") return null;
    const events = await db.write.outbox.take({
      owner: this.#owner,
      seconds: HOLDS,
      limit: BATCH,
      dead: fate === "dead" ? owner : null,
    });
    if (events.length === 0) return null;
    const publisher = config.get("DEFAULT.default_publisher_id");
    try {
      const notifications = events.map((event) => notificationOf(event, publisher));
      for (const driver of this.#drivers) await driver.send(notifications);
    } catch (error) {
      return await this.#failed(events, error);
    }
    if (this.#failures > 0) log.info("notifications are being sent again");
    this.#failures = 0;
    await this.#drop(events);
    return { sent: events.length };
  }

  async #drop(events: readonly EventRecord[]): Promise<void> {
    await this.#parts.db.write.outbox.drop({ owner: this.#owner, ids: events.map(({ id }) => id) });
  }

  /** Asks for a pause, longer each time; after `retry` attempts, if there is such a number, gives these up. */
  async #failed(
    events: readonly EventRecord[],
    error: unknown,
  ): Promise<{ sent: number } | { pauseSeconds: number }> {
    const { config } = this.#parts;
    const text = errorText(error);
    if (this.#failures++ === 0) log.warn(`notifications wait, because they cannot be sent: ${text}`);
    else log.debug(`notifications still cannot be sent: ${text}`);
    const retry = config.get("oslo_messaging_notifications.retry");
    if (retry >= 0 && this.#failures > retry) {
      log.warn(`${events.length} notifications are given up after ${this.#failures} attempts: ${text}`);
      this.#failures = 0;
      await this.#drop(events);
      return { sent: 0 };
    }
    const first = config.get("oslo_messaging_rabbit.rabbit_retry_interval");
    const more = config.get("oslo_messaging_rabbit.rabbit_retry_backoff") * (this.#failures - 1);
    return { pauseSeconds: Math.min(first + more, config.get("oslo_messaging_rabbit.rabbit_interval_max")) };
  }

  async #dropOld(seconds: number): Promise<void> {
    const dropped = await this.#parts.db.write.outbox.dropOld({ seconds });
    if (dropped > 0) log.warn(`${dropped} notifications could not be sent for ${seconds} s and are dropped`);
  }
}

/** Null when no driver delivers. Errors: config. */
export function makeSender(parts: Parts, drivers = makeDrivers(parts.config)): Sender | null {
  return parts.events.on ? new Sender(parts, drivers) : null;
}
