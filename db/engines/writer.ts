/**
 * The event loop's end of the writer's thread. Its writes pass four states, each of which may be skipped to the next:
 *
 *     idle → planned → gathering → in flight → idle, or planned again
 *
 * - idle: nothing is queued, and nothing is with the thread.
 * - planned (`#planned`): the first write of a turn of the event loop is queued; the rest of the turn may bring more.
 * - gathering (`#timer`): commits are slow, and fewer callers have come back than the last commit answered (gather.ts).
 * - in flight (`#inFlight`): one message is with the thread. What is sent meanwhile is queued; its answers plan that.
 *
 * `#refusal` (closed, or the thread has died) is beside these: nothing new is queued, what was accepted is answered.
 */
import { GlanceError } from "../../src/errors.ts";
import type { ConnSettings } from "../conn_settings.ts";
import type { WriteName } from "../database.ts";
import { Gather } from "./gather.ts";
import type { FromWriter, SentError, ToWriter, WriteRequest } from "./messages.ts";

interface Waiter {
  resolve(value: unknown): void;
  reject(error: GlanceError): void;
}

/**
 * Collects writes while the thread is busy and hands them over in one message, so that they share one commit.
 * Each promise settles after that commit.
 */
export class Writer {
  readonly #worker: Worker;
  readonly #waiters = new Map<number, Waiter>();
  #queue: WriteRequest[] = [];
  #inFlight = false;
  /** A flush is scheduled for the end of this turn. */
  #planned = false;
  readonly #gather = new Gather();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastId = 0;
  /** Why writes are no longer accepted. */
  #refusal: GlanceError | undefined;
  readonly #opened = Promise.withResolvers<void>();
  #idle: PromiseWithResolvers<void> | undefined;
  readonly #closed = Promise.withResolvers<void>();
  /** Called after a commit that recorded events. */
  onEvents: (() => void) | null = null;

  private constructor(url: URL) {
    this.#worker = new Worker(url, { type: "module", name: "database writer" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWriter>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#die({ code: "unavailable", message: "The database writer has stopped." });
    };
  }

  /**
   * Starts the thread whose module is at `url` on the file at `path`. `whileLocked` runs while the thread holds the
   * write lock. Errors: database, unavailable.
   */
  static async start(
    url: URL,
    path: string,
    settings: ConnSettings,
    whileLocked: () => void,
  ): Promise<Writer> {
    const writer = new Writer(url);
    writer.#post({ kind: "open", path, settings });
    try {
      await writer.#opened.promise;
      whileLocked();
      writer.#post({ kind: "serve" });
    } catch (error) {
      writer.#worker.terminate();
      throw error;
    }
    return writer;
  }

  /** Queues one write. */
  send(name: WriteName, input: unknown): Promise<unknown> {
    if (this.#refusal) return Promise.reject(this.#refusal);
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiters.set(id, { resolve, reject });
    this.#queue.push({ id, name, input });
    // The writes of one turn of the event loop go together.
    if (!this.#inFlight && !this.#planned) {
      this.#planned = true;
      queueMicrotask(() => this.#plan());
    }
    return promise;
  }

  /** Refuses new writes, waits for those that were accepted, and ends the thread. */
  async close(): Promise<void> {
    if (!this.#refusal) {
      this.#refusal = new GlanceError("unavailable", "The database is closed.");
      if (this.#waiters.size > 0) await (this.#idle ??= Promise.withResolvers<void>()).promise;
      this.#post({ kind: "close" });
    }
    await this.#closed.promise;
    this.#worker.terminate();
  }

  #post(message: ToWriter): void {
    this.#worker.postMessage(message);
  }

  #plan(): void {
    this.#planned = false;
    if (this.#inFlight || this.#queue.length === 0) return;
    const millis = this.#gather.wait(this.#queue.length);
    if (millis === 0) return this.#flush();
    this.#timer ??= setTimeout(() => {
      this.#gather.over();
      this.#flush();
    }, millis);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#inFlight || this.#queue.length === 0) return;
    this.#inFlight = true;
    const requests = this.#queue.splice(0, this.#gather.share());
    try {
      this.#post({ kind: "write", requests });
    } catch {
      // One input cannot be copied; it must not take the others with it.
      this.#inFlight = false;
      this.#dropUncopyable(requests);
    }
  }

  #dropUncopyable(requests: readonly WriteRequest[]): void {
    for (const request of requests) {
      try {
        structuredClone(request);
        this.#queue.push(request);
      } catch (cause) {
        const error = new GlanceError("internal", "A write got a value that is not data.", {
          cause,
        });
        this.#settle(request.id, (waiter) => waiter.reject(error));
      }
    }
    this.#flush();
  }

  #hear(message: FromWriter): void {
    if (message.kind === "opened") this.#opened.resolve();
    else if (message.kind === "failed") this.#die(message.error);
    else if (message.kind === "closed") this.#closed.resolve();
    else {
      for (const answer of message.answers) {
        this.#settle(answer.id, (waiter) => {
          if ("error" in answer) waiter.reject(new GlanceError(answer.error.code, answer.error.message));
          else waiter.resolve(answer.value);
        });
      }
      this.#inFlight = this.#waiters.size > this.#queue.length;
      this.#gather.committed(message, this.#queue.length);
      this.#plan();
      if (message.emitted) this.onEvents?.();
    }
  }

  #settle(id: number, how: (waiter: Waiter) => void): void {
    const waiter = this.#waiters.get(id);
    if (!waiter) return;
    this.#waiters.delete(id);
    how(waiter);
    if (this.#waiters.size === 0) this.#idle?.resolve();
  }

  #die({ code, message }: SentError): void {
    const error = new GlanceError(code, message);
    this.#refusal = error;
    this.#opened.reject(error);
    for (const id of [...this.#waiters.keys()]) this.#settle(id, (waiter) => waiter.reject(error));
    this.#closed.resolve();
  }
}
