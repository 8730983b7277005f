/** Work that goes on after its request was answered: one entry for each job, so that a deletion or a stop can end it. */
import { getLog } from "../observe/log.ts";

const log = getLog("oneglance.tasks");

export class Background {
  #jobs = new Map<Promise<void>, { imageId: string; abort: AbortController }>();

  get size(): number {
    return this.#jobs.size;
  }

  /** Starts a job. What it throws is logged; it should have told its task already. */
  start(imageId: string, job: (signal: AbortSignal) => Promise<void>): void {
    const abort = new AbortController();
    const run = Promise.resolve().then(() => job(abort.signal)).catch((error) => {
      log.error(`a background job of image ${imageId} failed`, { error });
    });
    this.#jobs.set(run, { imageId, abort });
    run.finally(() => this.#jobs.delete(run));
  }

  /** Ends the jobs of an image. */
  cancel(imageId: string): void {
    for (const job of this.#jobs.values()) {
      if (job.imageId === imageId) job.abort.abort(new Error("The image was deleted."));
    }
  }

  /** Ends every job and waits for them. */
  async close(): Promise<void> {
    for (const { abort } of this.#jobs.values()) abort.abort(new Error("The service is stopping."));
    await Promise.all(this.#jobs.keys());
  }

  /** Waits for the jobs that there are now. */
  async settled(): Promise<void> {
    await Promise.all(this.#jobs.keys());
  }
}
