/**
 * Tasks that this process works on: each has a lease in the database that is renewed while it runs, so that the task
 * of a dead process is found; a deletion or a stop can end them (design: processes).
 */
import type { NewTaskLease, TaskProgress } from "../../db/task_records.ts";
import { type ErrorCode, GlanceError } from "../errors.ts";
import { outsideLogContext } from "../observe/context.ts";
import { getLog } from "../observe/log.ts";
import { processName } from "../util/process_name.ts";
import { toTimestamp } from "../util/timestamp.ts";

const log = getLog("oneglance.tasks");

/** Made when first needed: an error made while the program loads has its whole text read again for the stack. */
function once(code: ErrorCode, message: string): () => GlanceError {
  let error: GlanceError | undefined;
  return () => error ??= new GlanceError(code, message);
}

/** Why a run is ended, as `signal.reason`; each is one object, to be compared with. */
export const stoppingReason = once("unavailable", "The service is stopping.");
export const deletedReason = once("not_found", "The image was deleted.");
export const lostReason = once("conflict", "The task was taken over.");

/** One run of a task in this process. */
export interface Run {
  token: string;
  /** The image it works on. */
  imageId: string | null;
  signal: AbortSignal;
  /** How far it is; written as the lease is renewed. */
  progress: TaskProgress;
}

/** How often progress is written at least, in ms: who waits for a task looks at it. */
const TELL = 5000;
/** How long a task under way may be unchanged, in ms: a Glance beside us takes locks by that (spec/background-jobs.md §4). */
const MAX_SILENCE = 60_000;

export interface BackgroundOptions {
  renew(
    input: { runs: (TaskProgress & { token: string })[]; expiresAt: string; silentSince: string },
  ): Promise<string[]>;
  /** Seconds that a lease holds without being renewed. */
  leaseSeconds: number;
  /** Runs at the same time; others wait. */
  limit: number;
}

interface Entry extends Run {
  abort: AbortController;
  /** What the rate is computed from. */
  seen: { bytes: number; step: string; at: number };
}

export class Background {
  readonly #options: BackgroundOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Set<Promise<void>>();
  #waiting: (() => void)[] = [];
  #slots: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: BackgroundOptions) {
    this.#options = options;
    this.#slots = options.limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether the run of that token is of this process. */
  has(token: string): boolean {
    return this.#entries.has(token);
  }

  /** Enters a run; its lease must then be written, and `start` or `release` be called. */
  enter(imageId: string | null): { run: Run; lease: Omit<NewTaskLease, "caller"> } {
    const token = crypto.randomUUID();
    const abort = new AbortController();
    const progress = { step: "pending", bytes: 0, total: null, rate: null };
    const seen = { bytes: 0, step: "pending", at: Date.now() };
    const run = { token, imageId, signal: abort.signal, progress };
    this.#entries.set(token, { ...run, abort, seen });
    const every = Math.min(TELL, this.#options.leaseSeconds * 1000 / 3);
    this.#timer ??= outsideLogContext(() => setInterval(() => this.renew(), every));
    return { run, lease: { image_id: imageId, token, owner: processName(), expires_at: this.#expiry() } };
  }

  /** Takes a run out again. */
  release({ token }: Run): void {
    this.#entries.delete(token);
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Works on an entered run as soon as there is room, then releases it. What the job throws is logged. */
  start(run: Run, job: () => Promise<void>): void {
    const work = this.#inTurn(job).catch((error) =>
      log.error("a task failed in an unforeseen way", { error })
    )
      .finally(() => this.release(run));
    this.#running.add(work);
    work.finally(() => this.#running.delete(work));
  }

  async #inTurn(job: () => Promise<void>): Promise<void> {
    if (this.#slots > 0) this.#slots--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await job();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#slots++;
    }
  }

  /** Renews all leases by one write, with how far their tasks are; ends runs that have lost theirs. */
  async renew(): Promise<void> {
    const entries = [...this.#entries.values()];
    try {
      const runs = entries.map(({ token, progress, seen }) => {
        Object.assign(progress, { rate: rateOf(progress, seen) });
        Object.assign(seen, { bytes: progress.bytes, step: progress.step, at: Date.now() });
        return { token, ...progress };
      });
      const silentSince = toTimestamp(Date.now() - MAX_SILENCE);
      const held = await this.#options.renew({ runs, expiresAt: this.#expiry(), silentSince });
      for (const { token, abort, progress } of entries) {
        // One that has only just been entered may not stand in the database yet.
        if (progress.step !== "pending" && !held.includes(token)) abort.abort(lostReason());
      }
    } catch (error) {
      log.warn("the leases of the tasks under way could not be renewed", { error, repeated: "renewal" });
    }
  }

  /** Ends the runs that work on an image. */
  cancel(imageId: string): void {
    for (const entry of this.#entries.values()) {
      if (entry.imageId === imageId) entry.abort.abort(deletedReason());
    }
  }

  /** Ends every run and waits for them. */
  async close(): Promise<void> {
    for (const { abort } of this.#entries.values()) abort.abort(stoppingReason());
    await this.settled();
    clearInterval(this.#timer);
  }

  /** Waits until nothing runs. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #expiry(): string {
    return toTimestamp(Date.now() + this.#options.leaseSeconds * 1000);
  }
}

function rateOf(progress: TaskProgress, seen: Entry["seen"]): number | null {
  const seconds = (Date.now() - seen.at) / 1000;
  if (progress.step !== seen.step || seconds <= 0) return progress.rate;
  return Math.round((progress.bytes - seen.bytes) / seconds);
}
