/** GET /v2/images/{id}/tasks (spec/tasks-api.md §7). */
import type { TaskRecord } from "../../db/task_records.ts";
import type { Ctx } from "../deps.ts";
import { findImage } from "../images/find.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { toTimestamp } from "../util/timestamp.ts";

/** Tasks of the image that have not expired; without admin rights only the caller's. Errors: not_found. */
export async function imageTasks(ctx: Ctx, imageId: string): Promise<TaskRecord[]> {
  const { caller, deps } = ctx;
  const image = await findImage(ctx, imageId, "The resource could not be found.");
  await authorizeImage(deps.policy, "get_image", caller, image);
  if (!caller.isAdmin && caller.projectId === null) return [];
  return await deps.db.read.tasks.ofImage({
    imageId,
    now: toTimestamp(Date.now()),
    ...(caller.isAdmin ? {} : { owner: caller.projectId! }),
  });
}
