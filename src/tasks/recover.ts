/** Finds tasks whose process has died, and goes on with them or fails them (design: processes). */
import type { TaskLease, TaskRecord } from "../../db/task_records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { GlanceError } from "../errors.ts";
import { isAbandoned } from "../images/abandoned.ts";
import { storesLeft } from "../imports/begin.ts";
import { type ImportJob, isResumable, jobOf } from "../imports/job.ts";
import { runImport } from "../imports/run_import.ts";
import { UNCHANGED, undoImport } from "../imports/undo.ts";
import { runLegacyImport } from "../imports/legacy_import.ts";
import { importLocation } from "../locations/import_location.ts";
import { getLog } from "../observe/log.ts";
import { loadCaller } from "./caller.ts";
import { FINAL, taskEnd } from "./finish.ts";
import { type TaskRun, workOn } from "./start.ts";

const log = getLog("oneglance.tasks.recover");

/** Runs of one task at most: what ends the process each time must not do so for ever. */
const MAX_RUNS = 3;

const GAVE_UP = "The service was ended while it worked on the task, and cannot go on with it.";

/** Looks now, then three times in a lease until the function that it resolves to is called. Throws nothing. */
export async function startTaskRecovery(deps: Deps): Promise<() => Promise<void>> {
  await recoverTasks(deps);
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(() => recoverTasks(deps));
  }, deps.config.get("oneglance.task_lease_timeout") * 1000 / 3);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Every task that nobody works on. Whatever fails is logged and tried again the next time. */
export async function recoverTasks(deps: Deps): Promise<void> {
  try {
    for (const lease of await deps.db.read.tasks.leases({})) {
      if (isAbandoned(deps.background, lease)) await recoverTask(deps, lease);
    }
  } catch (error) {
    log.error("tasks that were broken off cannot be looked for", { error });
  }
}

async function recoverTask(deps: Deps, lease: TaskLease): Promise<void> {
  const { run, lease: by } = deps.background.enter(lease.image_id);
  try {
    // From here on the old run, should it wake up, can change nothing. A task that was left on purpose has no owner.
    const counts = lease.owner !== "";
    const taken = await deps.db.write.tasks.take({ token: lease.token, by, counts });
    const task = taken ? await deps.db.read.tasks.show({ id: lease.task_id, deleted: true }) : null;
    if (!task) {
      deps.background.release(run);
      return;
    }
    const ctx: Ctx = { deps, caller: loadCaller(lease.caller), requestId: task.request_id ?? "" };
    // The old run may have changed the image after the lease was read, not after it was taken.
    const [held] = await deps.db.read.tasks.leases({ taskIds: [task.id] });
    const runs = lease.attempts + (counts ? 1 : 0);
    workOn({ ...run, ctx, task }, (own) => goOn(own, runs, held?.before ?? null));
  } catch (error) {
    deps.background.release(run);
    log.error(`task ${lease.task_id} was broken off and cannot be taken over yet`, { error });
  }
}

/** `before`: what the old run had changed of the image. */
async function goOn(run: TaskRun, runs: number, before: string | null): Promise<void> {
  const { task } = run;
  if (FINAL.includes(task.status)) {
    const end = taskEnd(run.ctx.deps, "failure");
    await run.ctx.deps.db.write.tasks.end({ token: run.token, end });
    return;
  }
  const untouched = task.status === "pending";
  log.warn(`task ${task.id} (${task.type}) was broken off; this is run ${runs} of it`);
  if (task.type === "location_import") return await importLocation(run, runs > MAX_RUNS);
  if (task.type === "import") return await runLegacyImport(run, !untouched || runs > MAX_RUNS);
  const job = readJob(task);
  // A wrong input, or an image that the task never had, is told by the run itself.
  if (job === null || run.imageId === null) return await runImport(run, true);
  const may = isResumable(run.ctx.deps, job) || untouched && job.name !== "glance-download" ||
    await isOnlyStaged(run, job);
  if (runs <= MAX_RUNS && before === null && may || await isComplete(run, job)) {
    return await runImport(run, true);
  }
  await undoImport(run, job, {
    error: new GlanceError("unavailable", GAVE_UP),
    // By this list clients tell that the import has failed.
    failed: job.stores,
    before: before === null ? UNCHANGED : JSON.parse(before),
  });
}

/** Whether no run has begun with what the user has staged. */
async function isOnlyStaged({ ctx: { deps } }: TaskRun, { name, imageId }: ImportJob): Promise<boolean> {
  const image = await deps.db.read.images.show({ id: imageId, viewer: { isAdmin: true, projectId: null } });
  return name === "glance-direct" && image?.status === "uploading";
}

/** Whether an earlier run has only not said any more that it is done. */
async function isComplete({ ctx: { deps } }: TaskRun, job: ImportJob): Promise<boolean> {
  const image = await deps.db.read.images.show({
    id: job.imageId,
    viewer: { isAdmin: true, projectId: null },
  });
  return image?.status === "active" && storesLeft(deps, job, image, true).length === 0;
}

function readJob(task: TaskRecord) {
  try {
    return jobOf(task);
  } catch {
    return null;
  }
}
