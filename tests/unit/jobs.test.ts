/** The scheduler of periodic jobs: when they run, what is remembered of it, failures and the stop. */
import assert from "node:assert/strict";
import { GlanceError } from "../../src/errors.ts";
import { type Job, type JobReport, type JobStatus, Scheduler } from "../../src/jobs/scheduler.ts";
import { newLogContext, withLogContext } from "../../src/observe/context.ts";
import { getLog } from "../../src/observe/log.ts";
import { recordLog } from "../support/logged.ts";
import { until } from "../support/served.ts";

const DONE: JobReport = { did: "nothing", failed: 0 };

/** A job that counts its runs and does `each` in every one. */
function counting(
  set: Partial<Job<null>> = {},
  each: (run: number, stop: AbortSignal) => Promise<JobReport> | JobReport = () => DONE,
): Job<null> & { ran: number } {
  const job: Job<null> & { ran: number } = {
    name: "counting",
    describes: "Counts.",
    everySeconds: null,
    atStart: "while serving",
    ran: 0,
    activate: async (_: null, stop: AbortSignal) => await each(++job.ran, stop),
    ...set,
  };
  return job;
}

const statusIn = (jobs: Scheduler<null>, name = "counting"): JobStatus =>
  jobs.status().find((status) => status.name === name)!;

Deno.test("the start waits for the jobs before serving, in order, and for no other", async () => {
  const order: string[] = [];
  const go = Promise.withResolvers<JobReport>();
  const named = (name: string, atStart: Job<null>["atStart"]) =>
    counting({ name, atStart }, async () => {
      order.push(`${name} begins`);
      if (atStart === "while serving") return await go.promise;
      await new Promise((resolve) => setTimeout(resolve, 10));
      order.push(`${name} ends`);
      return DONE;
    });
  const jobs = new Scheduler(null, [
    named("slow", "while serving"),
    named("a", "before serving"),
    named("b", "before serving"),
    named("c", "no"),
  ]);
  await jobs.start();
  assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends", "slow begins"]);
  assert.notEqual(statusIn(jobs, "slow").runningSince, null);
  go.resolve(DONE);
  await jobs.close();
  assert.deepEqual(jobs.status().map(({ name, runs }) => [name, runs]), [
    ["slow", 1],
    ["a", 1],
    ["b", 1],
    ["c", 0],
  ]);
});

Deno.test("a job runs again after its period; its status says when, why, what and how long", async () => {
  const job = counting({ everySeconds: 0.01 }, (run) => ({ did: `run ${run}`, failed: run === 1 ? 0 : 2 }));
  const jobs = new Scheduler(null, [job]);
  assert.deepEqual(statusIn(jobs), {
    name: "counting",
    describes: "Counts.",
    everySeconds: 0.01,
    runs: 0,
    errors: 0,
    runningSince: null,
    next: null,
    last: null,
  });
  await jobs.start();
  await until("it has run at start", () => statusIn(jobs).runs === 1);
  assert.equal(statusIn(jobs).last!.reason, "start");
  await until("it has run again", () => statusIn(jobs).runs >= 2);
  const { last } = statusIn(jobs);
  assert.equal(last!.reason, "timer");
  assert.match(last!.report!.did, /^run \d+$/);
  assert.equal(last!.report!.failed, 2);
  assert.ok(last!.seconds >= 0 && !Number.isNaN(Date.parse(last!.startedAt)));
  await jobs.close();
  const { ran } = job;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(job.ran, ran, "nothing runs after the stop");
  jobs.wake("counting");
  assert.equal(job.ran, ran, "nor when it is woken");
});

Deno.test("a failure is logged with its reason, remembered, and stops neither the job nor others", async () => {
  const failing = counting({ name: "failing", everySeconds: 0.01 }, (run) => {
    if (run === 1) throw new GlanceError("unavailable", "The store is away.");
    if (run === 2) throw new TypeError("secret");
    return { did: "well again", failed: 0 };
  });
  const other = counting({ everySeconds: 0.01 });
  const jobs = new Scheduler(null, [failing, other]);
  const errors = new Set<string | null>();
  using log = recordLog();
  await jobs.start();
  await until("it is well again", () => {
    errors.add(statusIn(jobs, "failing").last?.error ?? null);
    return statusIn(jobs, "failing").last?.report?.did === "well again";
  });
  await until("the other goes on", () => other.ran > 2);
  await jobs.close();
  assert.match(log.lines().join("\n"), /^ERROR .*the job 'failing' failed.*The store is away\./s);
  assert.ok(errors.has("The store is away."));
  assert.equal(statusIn(jobs, "failing").errors, 2);
  assert.equal(statusIn(jobs).errors, 0);
});

Deno.test("a job never overlaps itself; woken while it runs it runs once more", async () => {
  let together = 0;
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const job = counting({}, async (run) => {
    assert.equal(++together, 1);
    await gates[run - 1]!.promise;
    together--;
    return DONE;
  });
  const jobs = new Scheduler(null, [job]);
  await jobs.start();
  for (let wakes = 0; wakes < 5; wakes++) jobs.wake("counting");
  assert.equal(job.ran, 1);
  gates[0]!.resolve();
  await until("the second run", () => job.ran === 2);
  gates[1]!.resolve();
  await until("its end", () => statusIn(jobs).runs === 2);
  assert.equal(statusIn(jobs).last!.reason, "woken");
  await jobs.close();
  assert.equal(job.ran, 2);
});

Deno.test("a job that asks for a pause is not woken before its end", async () => {
  const job = counting({}, (run) => run === 1 ? { ...DONE, pauseSeconds: 3600 } : DONE);
  const jobs = new Scheduler(null, [job]);
  await jobs.start();
  await until("the first run", () => statusIn(jobs).runs === 1);
  jobs.wake("counting");
  assert.equal(job.ran, 1);
  const wait = Date.parse(statusIn(jobs).next!) - Date.now();
  assert.ok(wait > 3500_000 && wait <= 3600_000, String(wait));
  await jobs.close();
});

Deno.test("a stop waits for the safe point of a running job, then lets it go", async () => {
  const done: string[] = [];
  const job = counting({
    everySeconds: 0.01,
    close: () => {
      done.push("closed");
      return Promise.reject(new Error("not so important"));
    },
  }, async (_, stop) => {
    for (let item = 0; !stop.aborted; item++) {
      done.push(`begun ${item}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      done.push(`ended ${item}`);
    }
    return DONE;
  });
  const jobs = new Scheduler(null, [job]);
  await jobs.start();
  await until("it works", () => done.length > 2);
  await jobs.close();
  assert.equal(done.at(-1), "closed");
  assert.match(done.at(-2)!, /^ended/);
  assert.equal(job.ran, 1);
});

Deno.test("what a job logs is about the job, not about the request that woke it", async () => {
  const log = getLog("oneglance.tests");
  const job = counting({ atStart: "no" }, () => {
    log.warn("seen");
    return DONE;
  });
  const jobs = new Scheduler(null, [job]);
  using written = recordLog();
  await jobs.start();
  withLogContext(newLogContext("req-of-somebody", "GET /"), () => jobs.wake("counting"));
  await until("it ran", () => statusIn(jobs).runs === 1);
  await jobs.close();
  assert.deepEqual(written.lines(), ["WARNING [-] seen (job counting)"]);
});
