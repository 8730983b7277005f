/** The periodic jobs of a process that serves, one row each. */
import type { Deps } from "../deps.ts";
import { recoverDeletions, recoverUploads } from "../images/recover.ts";
import { warnOfStranded } from "../imports/stranded.ts";
import { makeSender, type Sender } from "../notify/sender.ts";
import { recoverTasks } from "../tasks/start.ts";
import { removeStagedLeftovers, sweepStores } from "./leftovers.ts";
import { type Job, Scheduler } from "./scheduler.ts";

/** How often we look for transfers of dead processes, in seconds. */
const RECOVERY = 30;
/** How often we look for notifications that other processes wrote or left, in seconds. */
const OUTBOX = 5;

const NOTIFICATIONS = "notifications";

/** Starts the jobs; resolves when those that come before serving have run. Errors: config. */
export async function startJobs(deps: Deps): Promise<Scheduler<Deps>> {
  const jobs = new Scheduler(deps, jobsOf(deps));
  deps.db.onEvents(() => jobs.wake(NOTIFICATIONS));
  await jobs.start();
  return jobs;
}

/** Errors: config. */
export function jobsOf(deps: Deps): Job<Deps>[] {
  const sender = makeSender(deps);
  return [
    ...(sender ? [notifications(sender)] : []),
    {
      name: "orphaned uploads",
      describes:
        "Puts images back to queued whose upload or staging died with its process, and removes the data.",
      everySeconds: RECOVERY,
      atStart: "before serving",
      activate: recoverUploads,
    },
    {
      name: "orphaned tasks",
      describes: "Continues the tasks of dead processes, or fails them.",
      everySeconds: deps.config.get("oneglance.task_lease_timeout") / 3,
      atStart: "before serving",
      activate: recoverTasks,
    },
    {
      name: "orphaned deletions",
      describes: "Completes the deletions of dead processes.",
      everySeconds: RECOVERY,
      atStart: "while serving",
      activate: recoverDeletions,
    },
    {
      name: "half-written files",
      describes: "Removes half-written files of dead processes from the stores and the staging area.",
      everySeconds: null,
      atStart: "while serving",
      activate: sweepStores,
    },
    {
      name: "staged leftovers",
      describes: "Removes staged files that no image refers to.",
      everySeconds: null,
      atStart: "while serving",
      activate: removeStagedLeftovers,
    },
    {
      name: "stuck images",
      describes:
        "Warns of images and tasks on which no process has worked for long; 'oneglance stuck' puts them back.",
      everySeconds: null,
      atStart: "while serving",
      activate: async (parts) => ({ did: await warnOfStranded(parts), failed: 0 }),
    },
  ];
}

/** Sends the notifications that wait in the outbox; each write of one wakes it. */
export function notifications(sender: Sender): Job<unknown> {
  return {
    name: NOTIFICATIONS,
    describes: "Sends the notifications that wait in the outbox.",
    everySeconds: OUTBOX,
    atStart: "while serving",
    activate: (_, stop) => sender.send(stop),
    close: () => sender.close(),
  };
}
