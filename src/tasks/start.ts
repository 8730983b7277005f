/** Tasks that begin here: new ones with the import lock that they hold, and those of dead processes (docs/reference/images-api.md §2.8.4, docs/reference/tasks-api.md §4, §5.2). */
import type { ImageRecord } from "../../db/records.ts";
import type { NewTask, TaskLease, TaskRecord } from "../../db/task_records.ts";
import { type Caller, NOBODY } from "../caller.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail } from "../errors.ts";
import { isOrphaned, type Recovered, recoverOrphans } from "../leases/orphans.ts";
import { getLog } from "../observe/log.ts";
import { ownsImage, requireWriter } from "../policy/owner.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";
import { fromTimestamp } from "../util/timestamp.ts";
import { BUSY, kindOf, pastOf, taskEnd, type TaskKind, type TaskRun, workOn } from "./runner.ts";

/** Minutes of silence after which a task without a lease counts as lost. */
const PATIENCE = { pending: 120, other: 60 };

/** When the lock of a task without a lease counts as lost, in ms since 1970. */
export function lockEnds({ status, updated_at }: Pick<TaskRecord, "status" | "updated_at">): number {
  return fromTimestamp(updated_at) + (status === "pending" ? PATIENCE.pending : PATIENCE.other) * 60_000;
}

/** Locks the image, makes the task and works on it in the background. Errors: conflict while another task holds the image. */
export async function startTask(
  ctx: Ctx,
  image: ImageRecord,
  task: Pick<NewTask, "type" | "input">,
): Promise<TaskRecord> {
  const started = await enterTask(ctx, { ...task, image_id: image.id }, { imageId: image.id, lock: true });
  if (!started) fail("conflict", BUSY);
  workOn(started);
  return started.task;
}

/** POST /v2/tasks: the task, pending; a wrong input shows later in the task. Errors: bad_request. */
export async function createTask(
  ctx: Ctx,
  { type, input }: Pick<NewTask, "type" | "input">,
): Promise<TaskRecord> {
  requireWriter(ctx.caller);
  if (input === null) fail("bad_request", "The input of a task must be an object.");
  const kind = kindOf(ctx.deps, type);
  await kind.admit?.(ctx, input);
  const imageId = typeof input.image_id === "string" ? input.image_id : null;
  const task = { type, input, image_id: imageId };
  const run = await enterTask(ctx, task, await placeFor(ctx, kind, imageId)) ??
    await enterTask(ctx, task, { imageId: null, lock: false });
  workOn(run!);
  return run!.task;
}

/**
 * The task must have its image for itself, and the image must be the caller's: the rule `tasks_api_access` says
 * nothing of images. Without a place the task fails and touches nothing.
 */
async function placeFor(
  { deps, caller }: Ctx,
  { makesImage }: TaskKind,
  id: string | null,
): Promise<{ imageId: string | null; lock: boolean }> {
  if (makesImage) return { imageId: crypto.randomUUID(), lock: false };
  const viewer = { isAdmin: caller.isAdmin, projectId: caller.projectId };
  const image = id === null ? null : await deps.db.read.images.show({ id, viewer });
  return image && ownsImage(caller, image) ? { imageId: id, lock: true } : { imageId: null, lock: false };
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
    if (made) return { ...run, ctx, task: made, past: null };
  } catch (error) {
    background.release(run);
    throw error;
  }
  background.release(run);
  return null;
}

/** The caller as another process needs it to continue: JSON without the token, which is a secret, and the catalog. */
function saveCaller(caller: Caller): string {
  const { token: _token, catalog: _catalog, ...rest } = caller;
  return JSON.stringify(rest);
}

/** The caller as far as `saveCaller` kept it. */
function loadCaller(text: string): Caller {
  return { ...NOBODY, ...JSON.parse(text) };
}

/**
 * Refuses an image that a living task holds; ends one that is lost. A task of ours lives as long as its lease; one of
 * Glance has none, and its row says when it was last heard of. Errors: conflict.
 */
export async function breakStaleLock(ctx: Ctx, image: ImageRecord): Promise<void> {
  const taskId = image.properties[IMAGE_PROPERTY.importTask];
  if (!taskId) return;
  const { leases, db } = ctx.deps;
  const [lease] = await db.read.tasks.leases({ taskIds: [taskId] });
  if (lease && !isOrphaned(leases, lease)) fail("conflict", BUSY);
  const task = await db.read.tasks.show({ id: taskId });
  if (task && Date.now() < lockEnds(task)) fail("conflict", BUSY);
  const end = taskEnd(ctx.deps, "failure", { message: "Expired lock preempted" });
  const setProperties = task ? withoutStores(image, storesOf(task)) : {};
  // Does nothing if another process was faster: taking our lock then meets its lock.
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
  const lists = [IMAGE_PROPERTY.importing, IMAGE_PROPERTY.failed];
  const entries = lists.filter((name) => image.properties[name]).map((name) => {
    const left = image.properties[name]!.split(",").filter((id) => !stores.includes(id));
    return [name, left.join(",")];
  });
  return Object.fromEntries(entries);
}

const log = getLog("oneglance.tasks.recover");

/** Takes over every orphaned task; the work continues in the background. Errors: database. */
export async function recoverTasks(deps: Deps, stop = new AbortController().signal): Promise<Recovered> {
  const recover = (lease: TaskLease) => recoverTask(deps, lease);
  return await recoverOrphans(await deps.db.read.tasks.leases({}), { own: deps.leases, recover, stop });
}

/** False when it could not be taken over. Never throws. */
async function recoverTask(deps: Deps, lease: TaskLease): Promise<boolean> {
  const { run, lease: by } = deps.background.enter(lease.image_id);
  try {
    // From here on the old run, should it wake up, can change nothing. A task that was left on purpose has no owner.
    const counts = lease.owner !== "";
    const taken = await deps.db.write.tasks.take({ token: lease.token, by, counts });
    const task = taken ? await deps.db.read.tasks.show({ id: lease.task_id, deleted: true }) : null;
    if (task && !["success", "failure"].includes(task.status)) {
      const ctx: Ctx = { deps, caller: loadCaller(lease.caller), requestId: task.request_id ?? "" };
      // The old run may have changed the image after the lease was read, not after it was taken.
      const past = await pastOf(deps, task, lease.attempts + (counts ? 1 : 0));
      workOn({ ...run, ctx, task, past });
      return true;
    }
    // Its end was written, but not the end of its lease.
    if (task) await deps.db.write.tasks.end({ token: run.token, end: taskEnd(deps, "failure") });
    deps.background.release(run);
    return true;
  } catch (error) {
    deps.background.release(run);
    log.error(`task ${lease.task_id} was interrupted and cannot be taken over yet`, { error });
    return false;
  }
}
