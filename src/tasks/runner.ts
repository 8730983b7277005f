/** The life of a task, the same for every kind: parse, claim, steps, and one of the ends (docs/reference/tasks-api.md §3). */
import type { TaskEnd, TaskRecord } from "../../db/task_records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { findImage } from "../images/find.ts";
import { newLogContext, setIdentity, withLogContext } from "../observe/context.ts";
import { getLog } from "../observe/log.ts";
import { requireOwner } from "../policy/owner.ts";
import { toTimestamp } from "../util/timestamp.ts";
import { lostReason, stoppingReason } from "./background.ts";
import {
  BrokenOff,
  kindOf,
  type Past,
  StepFailed,
  type TaskInput,
  type TaskKind,
  type TaskRun,
} from "./kind.ts";

const log = getLog("oneglance.tasks");

const BROKEN_OFF = "The service was ended while it worked on the task, and cannot go on with it.";
/** Refuses an image that a living task holds. */
export const BUSY = "Image has active task";
/** The message where users must not see the cause. */
const INTERNAL = "Task failed due to Internal Error";

/** Runs the task in the background; its lines in the log are about the task and its caller. */
export function workOn(run: TaskRun): void {
  const { caller, requestId, deps } = run.ctx;
  const context = newLogContext(requestId || null, `task ${run.task.id}`);
  setIdentity(context, caller);
  withLogContext(context, () => deps.background.start(run, () => runTask(kindOf(deps, run.task.type), run)));
}

/**
 * Runs the task to its end: success; failure, with everything undone; left to another process, when this one stops; or
 * dropped, when another process has it already. Errors: those of an undo and of the database; the lease stays then,
 * and a later run takes the task over.
 */
export async function runTask(kind: TaskKind, run: TaskRun): Promise<void> {
  let state: TaskInput;
  try {
    state = kind.parse(run);
    // Without its image, which is another's or has another task, nothing is touched.
    if (run.imageId !== state.imageId) await refuseUnlocked(run.ctx, state.imageId);
  } catch (error) {
    return await fails(kind, run, error);
  }
  try {
    run.signal.throwIfAborted();
    if (!await claim(run)) throw lostReason();
    const { past } = run;
    if (past) log.warn(`task ${run.task.id} (${kind.type}) was interrupted; this is run ${past.runs} of it`);
    if (past && await kind.onTakeover(run, state, past) === "undo") {
      throw new BrokenOff(kind.brokenOff ?? BROKEN_OFF);
    }
    for (const step of kind.steps(state)) {
      if (step.when?.(run, state) ?? true) state = { ...state, ...await step.run(run, state) };
    }
  } catch (error) {
    return await settle(kind, run, state, error);
  }
  await end(run, "success", { result: { image_id: state.imageId } });
}

/** Says why the task does not have the image that it names. Always throws: not_found, forbidden or conflict. */
async function refuseUnlocked(ctx: Ctx, imageId: string): Promise<never> {
  requireOwner(ctx.caller, await findImage(ctx, imageId));
  fail("conflict", BUSY);
}

/** Takes the task into work; false when it has ended. */
function claim({ ctx, task }: TaskRun): Promise<boolean> {
  return ctx.deps.db.write.tasks.change({
    id: task.id,
    from: ["pending", "processing"],
    status: "processing",
  });
}

/** What becomes of a run that threw. */
async function settle(kind: TaskKind, run: TaskRun, reached: TaskInput, thrown: unknown): Promise<void> {
  const failed = thrown instanceof StepFailed ? thrown : new StepFailed(thrown, {});
  const error = run.signal.aborted ? run.signal.reason : failed.cause;
  if (error === lostReason()) {
    return log.warn(`${kind.noun} of image ${reached.imageId} was taken over by another process`);
  }
  if (error === stoppingReason() && await canResume(kind, run, reached)) return await leave(run);
  if (failed.begun || run.signal.aborted) {
    const state = { ...reached, ...failed.added };
    for (const step of kind.steps(state)) await step.undo?.(run, state, error);
  }
  await fails(kind, run, error);
}

/** Whether the next process would continue the task as it is now. */
async function canResume(kind: TaskKind, run: TaskRun, state: TaskInput): Promise<boolean> {
  const { deps } = run.ctx;
  const task = await deps.db.read.tasks.show({ id: run.task.id, deleted: true });
  if (!task) return false;
  const past = await pastOf(deps, task, run.past?.runs ?? 1);
  return await kind.onTakeover(run, state, past) === "resume";
}

/** What the runs of a task have left so far. */
export async function pastOf(
  { db }: Pick<Deps, "db">,
  { id, status }: TaskRecord,
  runs: number,
): Promise<Past> {
  const [lease] = await db.read.tasks.leases({ taskIds: [id] });
  return { runs, untouched: status === "pending", before: lease?.before ?? null };
}

/** Leaves the task to the next process that looks for one. */
async function leave({ ctx, token }: TaskRun): Promise<void> {
  const by = { token, owner: "", seconds: -1 };
  await ctx.deps.db.write.tasks.take({ token, by, counts: false });
}

async function fails(kind: TaskKind, run: TaskRun, error: unknown): Promise<void> {
  await end(run, "failure", { message: (kind.messageOf ?? messageOf)(error) });
  const id = run.imageId ?? run.task.image_id;
  log.error(id === null ? `${kind.noun} failed` : `${kind.noun} of image ${id} failed`, { error });
}

async function end({ ctx, token }: TaskRun, status: TaskEnd["status"], more: EndOptions): Promise<void> {
  await ctx.deps.db.write.tasks.end({ token, end: taskEnd(ctx.deps, status, more) });
}

type EndOptions = Pick<TaskEnd, "message" | "result">;

/** How a task ends now; without `message` its last one stays. */
export function taskEnd(
  { config }: Pick<Deps, "config">,
  status: TaskEnd["status"],
  more: EndOptions = {},
): TaskEnd {
  const hours = config.get("task.task_time_to_live");
  return { status, ...more, expires_at: toTimestamp(Date.now() + hours * 3_600_000) };
}

/** The task's message for the error that ended it: a limit by its own text, other causes after upstream's (§5.3). */
export function messageOf(error: unknown): string {
  if (!isError(error)) return INTERNAL;
  if (error.code === "too_large") return error.message;
  return ["internal", "database", "config"].includes(error.code) ? INTERNAL : `${INTERNAL}: ${error.message}`;
}
