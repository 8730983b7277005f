/** The import lock and the task that holds it (spec/images-api.md §2.8.4, spec/tasks-api.md §5.2). */
import type { ImageRecord } from "../../db/records.ts";
import type { NewTask, TaskRecord } from "../../db/task_records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { isAbandoned } from "../images/abandoned.ts";
import { findImage } from "../images/find.ts";
import { newLogContext, setIdentity, withLogContext } from "../observe/context.ts";
import { requireOwner } from "../policy/owner.ts";
import { fromTimestamp } from "../util/timestamp.ts";
import type { Run } from "./background.ts";
import { saveCaller } from "./caller.ts";
import { taskEnd } from "./finish.ts";

const LOCK = "os_glance_import_task";
/** What is said of an image that a living task holds. */
const BUSY = "Image has active task";

/** Minutes without a word after which a task that nobody of ours works on counts as lost. */
const PATIENCE = { pending: 120, other: 60 };

/** When the lock of a task that nobody of ours works on counts as lost, in ms since 1970. */
export function lockEnds({ status, updated_at }: Pick<TaskRecord, "status" | "updated_at">): number {
  return fromTimestamp(updated_at) + (status === "pending" ? PATIENCE.pending : PATIENCE.other) * 60_000;
}

/** A run of a task, and who asked for it. */
export interface TaskRun extends Run {
  ctx: Ctx;
  task: TaskRecord;
}

export type Job = (run: TaskRun) => Promise<void>;

/** Locks the image, makes the task and works on it in the background. Errors: conflict while another task holds the image. */
export async function startTask(
  ctx: Ctx,
  image: ImageRecord,
  task: Pick<NewTask, "type" | "input">,
  job: Job,
): Promise<TaskRecord> {
  const started = await enterTask(ctx, { ...task, image_id: image.id }, { imageId: image.id, lock: true });
  if (!started) fail("conflict", BUSY);
  workOn(started, (run) => job(run));
  return started.task;
}

/** Makes the task and its lease; null when the image is locked. */
export async function enterTask(
  ctx: Ctx,
  task: Pick<NewTask, "type" | "input" | "image_id">,
  { imageId, lock }: { imageId: string | null; lock: boolean },
): Promise<TaskRun | null> {
  const { background, db } = ctx.deps;
  const { run, lease } = background.enter(imageId);
  try {
    const made = await db.write.tasks.start({
      lock,
      lease: { ...lease, caller: saveCaller(ctx.caller) },
      task: {
        ...task,
        id: crypto.randomUUID(),
        owner: ctx.caller.projectId ?? "",
        request_id: ctx.requestId,
        user_id: ctx.caller.userId,
      },
    });
    if (made) return { ...run, ctx, task: made };
  } catch (error) {
    background.release(run);
    throw error;
  }
  background.release(run);
  return null;
}

/** Why a task has not got the image that it names. Errors: not_found, forbidden, conflict; one of them always. */
export async function refuseUnlocked(ctx: Ctx, imageId: string): Promise<never> {
  requireOwner(ctx.caller, await findImage(ctx, imageId));
  fail("conflict", BUSY);
}

/** Works on an entered run in the background; its lines in the log are about its task and whoever asked for it. */
export function workOn(run: TaskRun, job: Job): void {
  const { caller, requestId, deps } = run.ctx;
  const context = newLogContext(requestId || null, `task ${run.task.id}`);
  setIdentity(context, caller);
  withLogContext(context, () => deps.background.start(run, () => job(run)));
}

/**
 * Refuses an image that a living task holds; ends one that is lost. A task of ours lives as long as its lease; one of
 * Glance has none, and its row says when it was last heard of. Errors: conflict.
 */
export async function breakStaleLock(ctx: Ctx, image: ImageRecord): Promise<void> {
  const taskId = image.properties[LOCK];
  if (!taskId) return;
  const { background, db } = ctx.deps;
  const [lease] = await db.read.tasks.leases({ taskIds: [taskId] });
  if (lease && !isAbandoned(background, lease)) fail("conflict", BUSY);
  const task = await db.read.tasks.show({ id: taskId });
  if (task && Date.now() < lockEnds(task)) fail("conflict", BUSY);
  const end = taskEnd(ctx.deps, "failure", { message: "Expired lock preempted" });
  const setProperties = task ? withoutStores(image, storesOf(task)) : {};
  // Does nothing when somebody was quicker; then the lock that he has is met when ours is taken.
  await db.write.tasks.preempt({
    imageId: image.id,
    taskId,
    token: lease?.token ?? null,
    end,
    setProperties,
  });
}

function storesOf({ input }: TaskRecord): string[] {
  return Array.isArray(input?.backend) ? input.backend.filter((id) => typeof id === "string") : [];
}

/** Both lists without the stores of a lost task. */
function withoutStores(image: ImageRecord, stores: string[]): Record<string, string> {
  const lists = ["os_glance_importing_to_stores", "os_glance_failed_import"];
  const entries = lists.filter((name) => image.properties[name]).map((name) => {
    const left = image.properties[name]!.split(",").filter((id) => !stores.includes(id));
    return [name, left.join(",")];
  });
  return Object.fromEntries(entries);
}
