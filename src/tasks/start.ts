/** The import lock and the task that holds it (spec/images-api.md §2.8.4, spec/tasks-api.md §5.2). */
import type { ImageRecord } from "../../db/records.ts";
import type { NewTask, TaskRecord } from "../../db/task_records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { fromTimestamp } from "../util/timestamp.ts";
import { FINAL, finishTask } from "./finish.ts";

const LOCK = "os_glance_import_task";
const BUSY = "Image has active task";

/** Minutes without a word after which a task counts as lost. */
const PATIENCE = { pending: 120, other: 60 };

/** Locks the image and makes the task, pending. Errors: conflict while another task holds the image. */
export async function startTask(
  ctx: Ctx,
  image: ImageRecord,
  task: Pick<NewTask, "type" | "input">,
): Promise<TaskRecord> {
  const { db } = ctx.deps;
  const id = crypto.randomUUID();
  const holder = image.properties[LOCK];
  if (holder) await breakStaleLock(ctx, image, holder);
  if (!await db.write.takeImportLock({ imageId: image.id, taskId: id })) fail("conflict", BUSY);
  try {
    return await db.write.createTask({
      ...task,
      id,
      owner: ctx.caller.projectId ?? "",
      image_id: image.id,
      request_id: ctx.requestId,
      user_id: ctx.caller.userId,
    });
  } catch (error) {
    await db.write.dropImportLock({ imageId: image.id, taskId: id });
    throw error;
  }
}

async function breakStaleLock(ctx: Ctx, image: ImageRecord, taskId: string): Promise<void> {
  const { db } = ctx.deps;
  const task = await db.read.task({ id: taskId });
  if (task) {
    const minutes = (Date.now() - fromTimestamp(task.updated_at)) / 60_000;
    if (minutes < (task.status === "pending" ? PATIENCE.pending : PATIENCE.other)) fail("conflict", BUSY);
    if (!FINAL.includes(task.status)) {
      await finishTask(ctx.deps, task.id, "failure", "Expired lock preempted");
    }
  }
  await db.write.dropImportLock({ imageId: image.id, taskId });
}
