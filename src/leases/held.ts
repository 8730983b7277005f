/**
 * The leases that this process holds: of uploads, deletions and tasks, so that another process finds them when this one
 * dies (docs/adr/0004).
 */
import type { LeaseRenewal, NewUpload } from "../../db/records.ts";
import type { TaskProgress } from "../../db/task_records.ts";
import { outsideLogContext } from "../observe/context.ts";
import { getLog } from "../observe/log.ts";
import { processName } from "../util/process_name.ts";

const log = getLog("oneglance.leases");

/** How long the lease of a transfer holds unless it is renewed, in seconds; judged by machines that cannot see our process. */
const HOLDS = 120;
/** Renewal of transfers, in ms: a lease outlives two that fail. */
const RENEW = 30_000;
/** Longest time between two renewals of a task, in ms: the renewal also writes the progress that users watch. */
const PROGRESS_EVERY = 5000;
/** How long a task in progress may be unchanged, in seconds: a Glance beside us takes locks by that (docs/reference/background-jobs.md §4). */
const MAX_SILENCE = 60;

type LeaseKind = "upload" | "deletion" | "task";

/** What requests wait for, in contrast to tasks. */
export const TRANSFERS: readonly LeaseKind[] = ["upload", "deletion"];

/** What a task can say of its progress; the rate is computed. */
export type TaskStep = Partial<Omit<TaskProgress, "rate">>;

/** A lease that this process has entered. */
export interface Held {
  readonly token: string;
  /** What the write that begins the work stores. */
  readonly lease: NewUpload;
  /** Fires when the work must stop at once. */
  readonly signal: AbortSignal;
  /** Says how far a task is; written as its lease is renewed. */
  report(change: TaskStep): void;
  /** The work has ended, or did not begin: the lease is not renewed any more. */
  end(): void;
}

interface HeldOptions {
  /** Resolves to the tokens whose leases are still ours. */
  renew(input: LeaseRenewal): Promise<string[]>;
  /** Seconds that the lease of a task holds without being renewed. */
  taskSeconds: number;
  /** Why a task is aborted that another process has taken over. */
  lost(): Error;
}

interface Entry {
  token: string;
  kind: LeaseKind;
  imageId: string | null;
  abort: AbortController;
  progress: TaskProgress;
  /** What the rate is computed from; `at` in ms since 1970. */
  seen: { bytes: number; step: string; at: number };
}

/** Renews all leases with one timer and one write; a stop aborts the work and waits for its cleanup. No timer runs while no lease is held. */
export class HeldLeases {
  readonly #options: HeldOptions;
  readonly #entries = new Map<string, Entry>();
  #waiting: { kinds: readonly LeaseKind[]; resolve: () => void }[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  /** No lease of a transfer was written or renewed before this, in ms since 1970. */
  #transfersAt = 0;
  #renewing = false;

  constructor(options: HeldOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether the work of that token is in progress here. */
  has(token: string): boolean {
    return this.#entries.has(token);
  }

  /**
   * Enters work, before its lease is written. `imageId`: null for a task without one; `storeId`: the store written to,
   * null in single-store mode.
   */
  enter(kind: LeaseKind, imageId: string | null, storeId: string | null = null): Held {
    const token = crypto.randomUUID();
    const abort = new AbortController();
    const progress: TaskProgress = { step: "pending", bytes: 0, total: null, rate: null };
    const seen = { bytes: 0, step: "pending", at: Date.now() };
    const entry: Entry = { token, kind, imageId, abort, progress, seen };
    if (kind !== "task" && !this.#some(TRANSFERS)) this.#transfersAt = Date.now();
    this.#entries.set(token, entry);
    const every = Math.min(PROGRESS_EVERY, this.#options.taskSeconds * 1000 / 3);
    this.#timer ??= outsideLogContext(() => setInterval(() => this.renew(), every));
    return {
      token,
      lease: { token, owner: processName(), store_id: storeId, seconds: this.#seconds(kind) },
      signal: abort.signal,
      report: (change) => void (entry.progress = { ...entry.progress, ...change }),
      end: () => this.end(token),
    };
  }

  end(token: string): void {
    this.#entries.delete(token);
    if (this.#entries.size === 0) this.close();
    const over = this.#waiting.filter(({ kinds }) => !this.#some(kinds));
    this.#waiting = this.#waiting.filter((each) => !over.includes(each));
    for (const { resolve } of over) resolve();
  }

  /** Aborts the work of these kinds, on that image alone if one is named; the code that began it cleans up. */
  abort(kinds: readonly LeaseKind[], reason: Error, imageId?: string): void {
    for (const entry of this.#entries.values()) {
      const meant = imageId === undefined || entry.imageId === imageId;
      if (meant && kinds.includes(entry.kind)) entry.abort.abort(reason);
    }
  }

  /** Resolves when no work of these kinds is in progress. */
  settled(kinds: readonly LeaseKind[]): Promise<void> {
    if (!this.#some(kinds)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ kinds, resolve }));
  }

  /** Renews by one write what is due: tasks each time, with their progress, transfers every 30 s. Aborts tasks that are lost. Never throws. */
  async renew(): Promise<void> {
    const now = Date.now();
    const transfersDue = now - this.#transfersAt >= RENEW;
    const due = [...this.#entries.values()].filter(({ kind }) => kind === "task" || transfersDue);
    if (due.length === 0 || this.#renewing) return;
    this.#renewing = true;
    const tasks = due.filter(({ kind }) => kind === "task");
    try {
      const held = await this.#options.renew({
        transfers: due.filter(({ kind }) => kind !== "task").map(({ token }) => token),
        transferSeconds: this.#seconds("upload"),
        tasks: tasks.map((entry) => ({ token: entry.token, ...measure(entry) })),
        taskSeconds: this.#seconds("task"),
        silentSeconds: MAX_SILENCE,
      });
      if (transfersDue) this.#transfersAt = now;
      for (const { token, abort, progress } of tasks) {
        // One that has only just been entered may not be in the database yet.
        if (progress.step !== "pending" && !held.includes(token)) abort.abort(this.#options.lost());
      }
    } catch (error) {
      log.warn("the leases of this process could not be renewed", { error, repeated: "renewal" });
    } finally {
      this.#renewing = false;
    }
  }

  /** Ends the renewal. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #some(kinds: readonly LeaseKind[]): boolean {
    return [...this.#entries.values()].some(({ kind }) => kinds.includes(kind));
  }

  #seconds(kind: LeaseKind): number {
    return kind === "task" ? this.#options.taskSeconds : HOLDS;
  }
}

/** Takes the rate since the last look into the progress, and returns that. */
function measure(entry: Entry): TaskProgress {
  const { progress: { step, bytes }, seen } = entry;
  const at = Date.now();
  const seconds = (at - seen.at) / 1000;
  if (step === seen.step && seconds > 0) {
    entry.progress = { ...entry.progress, rate: Math.round((bytes - seen.bytes) / seconds) };
  }
  entry.seen = { bytes, step, at };
  return entry.progress;
}
