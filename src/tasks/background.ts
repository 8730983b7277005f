/** Tasks that this process works on: so many at a time, each with a lease; a deletion or a stop can end them (docs/architecture.md). */
import type { NewTaskLease } from "../../db/task_records.ts";
import { type ErrorCode, GlanceError } from "../errors.ts";
import type { HeldLeases, TaskStep } from "../leases/held.ts";
import { getLog } from "../observe/log.ts";

const log = getLog("oneglance.tasks");

/** Made when first needed: an error made while the program loads has its whole text read again for the stack. */
function once(code: ErrorCode, message: string): () => GlanceError {
  let error: GlanceError | undefined;
  return () => error ??= new GlanceError(code, message);
}

/** Why a run is ended, as `signal.reason`; each is one object, to be compared with. */
export const stoppingReason = once("unavailable", "The service is stopping.");
const deletedReason = once("not_found", "The image was deleted.");
export const lostReason = once("conflict", "The task was taken over.");

/** One run of a task in this process. */
export interface Run {
  token: string;
  /** The image it works on. */
  imageId: string | null;
  signal: AbortSignal;
  /** Says how far it is; written as the lease is renewed. */
  report(change: TaskStep): void;
}

interface BackgroundOptions {
  leases: HeldLeases;
  /** Runs at the same time; others wait. */
  limit: number;
}

export class Background {
  readonly #leases: HeldLeases;
  readonly #running = new Set<Promise<void>>();
  #waiting: (() => void)[] = [];
  #slots: number;

  constructor({ leases, limit }: BackgroundOptions) {
    this.#leases = leases;
    this.#slots = limit;
  }

  /** Enters a run; its lease must then be written, and `start` or `release` be called. */
  enter(imageId: string | null): { run: Run; lease: Omit<NewTaskLease, "caller"> } {
    const { token, lease, signal, report } = this.#leases.enter("task", imageId);
    const { owner, seconds } = lease;
    return {
      run: { token, imageId, signal, report },
      lease: { image_id: imageId, token, owner, seconds },
    };
  }

  /** Takes a run out again. */
  release({ token }: Run): void {
    this.#leases.end(token);
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

  /** Ends the runs that work on an image. */
  cancel(imageId: string): void {
    this.#leases.abort(["task"], deletedReason(), imageId);
  }

  /** Ends every run and waits for them. */
  async close(): Promise<void> {
    this.#leases.abort(["task"], stoppingReason());
    await this.settled();
  }

  /** Waits until nothing runs. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
