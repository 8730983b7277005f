/**
 * Runs the periodic jobs of the process and remembers how each went (docs/adr/0004). A job never overlaps itself, its
 * failure stops no other, and a stop waits until each is at a safe point.
 */
import { isError } from "../errors.ts";
import { newLogContext, outsideLogContext, withLogContext } from "../observe/context.ts";
import { getLog } from "../observe/log.ts";

const log = getLog("oneglance.jobs");

/** What one run did. */
export interface JobReport {
  /** For operators, in a few words. */
  did: string;
  /** How many of its things failed; each is logged by the job, and the next run tries it again. */
  failed: number;
  /** The next run comes after so many seconds, not earlier and not later. */
  pauseSeconds?: number;
}

/** One row of the table of jobs; `D`: what it works with. */
export interface Job<D> {
  /** Short and unique; operators see it. */
  name: string;
  /** What it does, in a sentence. */
  describes: string;
  /** From the end of a run to the start of the next; null = only at start, or when it is woken. */
  everySeconds: number | null;
  /** `before serving`: the start waits for this run, in the order of the table. */
  atStart: "before serving" | "while serving" | "no";
  /** Does the work once. Once `stop` fires it returns at the next point where nothing is half done. */
  activate(deps: D, stop: AbortSignal): Promise<JobReport>;
  /** Lets go of what the job holds; called after its last run. */
  close?(): Promise<void>;
}

/** Why a job ran. */
type JobReason = "start" | "timer" | "woken";

/** How a job is; times are ISO 8601, UTC. */
export interface JobStatus extends Pick<Job<never>, "name" | "describes" | "everySeconds"> {
  /** Runs that ended, and those of them that threw. */
  runs: number;
  errors: number;
  /** Since when it runs; null = it does not. */
  runningSince: string | null;
  /** When the timer runs it again; null = it does not. */
  next: string | null;
  /** Null before the first run has ended. */
  last: JobResult | null;
}

/** How one run went: with a report, or with the text of its error. */
interface JobResult {
  reason: JobReason;
  startedAt: string;
  seconds: number;
  report: JobReport | null;
  error: string | null;
}

interface Entry<D> {
  job: Job<D>;
  status: JobStatus;
  running: Promise<void> | null;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** It was woken while it ran. */
  again: boolean;
  /** A wake before this is left to the timer; in ms since 1970. */
  notBefore: number;
}

export class Scheduler<D> {
  readonly #deps: D;
  readonly #entries: readonly Entry<D>[];
  readonly #stop = new AbortController();

  constructor(deps: D, jobs: readonly Job<D>[]) {
    this.#deps = deps;
    this.#entries = jobs.map((job) => ({
      job,
      status: statusOf(job),
      running: null,
      timer: undefined,
      again: false,
      notBefore: 0,
    }));
  }

  /** Starts all jobs; resolves when those that come before serving have run. Never throws. */
  async start(): Promise<void> {
    for (const entry of this.#at("before serving")) await this.#run(entry, "start");
    for (const entry of this.#at("while serving")) this.#run(entry, "start");
    for (const entry of this.#at("no")) this.#plan(entry, entry.job.everySeconds);
  }

  /** Runs a job now: after its present run if there is one, and after its pause. Unknown names are ignored. */
  wake(name: string): void {
    const entry = this.#entries.find(({ job }) => job.name === name);
    if (!entry) return;
    if (Date.now() >= entry.notBefore) this.#run(entry, "woken");
  }

  /** How all jobs are, in the order of the table. */
  status(): JobStatus[] {
    return this.#entries.map(({ status }) => ({ ...status }));
  }

  /** Ends the jobs at their next safe point; resolves when all have ended and let go. Never throws. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#entries.map(async ({ job, running, timer }) => {
      clearTimeout(timer);
      await running;
      await job.close?.().catch((error) => log.warn(`the job '${job.name}' did not close`, { error }));
    }));
  }

  #at(when: Job<D>["atStart"]): Entry<D>[] {
    return this.#entries.filter(({ job }) => job.atStart === when);
  }

  #run(entry: Entry<D>, reason: JobReason): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    if (entry.running) {
      entry.again = true;
      return entry.running;
    }
    clearTimeout(entry.timer);
    entry.again = false;
    Object.assign(entry.status, { runningSince: new Date().toISOString(), next: null });
    // A request may have woken the job; what the job logs is not about that request.
    const result = outsideLogContext(() =>
      runJob(entry.job, this.#deps, { stop: this.#stop.signal, reason })
    );
    return entry.running = result.then((last) => this.#ended(entry, last));
  }

  #ended(entry: Entry<D>, last: JobResult): void {
    const { status, again, job } = entry;
    entry.running = null;
    Object.assign(status, {
      runs: status.runs + 1,
      errors: status.errors + (last.error === null ? 0 : 1),
      runningSince: null,
      last,
    });
    const pause = last.report?.pauseSeconds;
    entry.notBefore = pause === undefined ? 0 : Date.now() + pause * 1000;
    if (pause === undefined && again) this.#run(entry, "woken");
    else this.#plan(entry, pause ?? job.everySeconds);
  }

  #plan(entry: Entry<D>, seconds: number | null): void {
    if (seconds === null || this.#stop.signal.aborted) return;
    entry.status.next = new Date(Date.now() + seconds * 1000).toISOString();
    entry.timer = outsideLogContext(() => setTimeout(() => this.#run(entry, "timer"), seconds * 1000));
  }
}

/** Runs a job once and logs a failure with its reason. Never throws. */
async function runJob<D>(
  job: Job<D>,
  deps: D,
  { stop, reason }: { stop: AbortSignal; reason: JobReason },
): Promise<JobResult> {
  const startedAt = new Date().toISOString();
  const started = performance.now();
  const result = (outcome: Pick<JobResult, "report" | "error">): JobResult => ({
    reason,
    startedAt,
    seconds: (performance.now() - started) / 1000,
    ...outcome,
  });
  try {
    const context = newLogContext(null, `job ${job.name}`);
    const report = await withLogContext(context, async () => await job.activate(deps, stop));
    return result({ report, error: null });
  } catch (error) {
    log.error(`the job '${job.name}' failed; it runs again later`, { error, repeated: `job ${job.name}` });
    return result({ report: null, error: textOf(error) });
  }
}

/** Of errors that are not ours only the class is shown: their text may carry secrets. */
function textOf(error: unknown): string {
  if (isError(error)) return error.message;
  return error instanceof Error ? error.name : "unknown";
}

function statusOf<D>({ name, describes, everySeconds }: Job<D>): JobStatus {
  return { name, describes, everySeconds, runs: 0, errors: 0, runningSince: null, next: null, last: null };
}
