/** GET /v2/tasks (spec/tasks-api.md §6). */
import type { TaskListQuery, TaskRecord } from "../../db/task_records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { toTimestamp } from "../util/timestamp.ts";

export type TaskPage = Omit<TaskListQuery, "owner" | "marker"> & { marker?: string };

/** One page; the caller's own tasks that have expired are swept first. Errors: bad_request, forbidden. */
export async function listTasks(ctx: Ctx, { marker: id, ...page }: TaskPage): Promise<TaskRecord[]> {
  const { caller, deps } = ctx;
  if (!caller.isAdmin && caller.projectId === null) return [];
  // An administrator without a project, as without an identity service, owns tasks by the empty name.
  await deps.db.write.tasks.sweep({ owner: caller.projectId ?? "", now: toTimestamp(Date.now()) });
  const marker = id === undefined ? undefined : await findMarker(ctx, id);
  return await deps.db.read.tasks.list({
    ...page,
    ...(caller.isAdmin ? {} : { owner: caller.projectId! }),
    ...(marker ? { marker } : {}),
  });
}

async function findMarker({ caller, deps }: Ctx, id: string): Promise<TaskRecord> {
  const task = await deps.db.read.tasks.show({ id, deleted: caller.isAdmin }) ??
    fail("bad_request", "Invalid marker. Task could not be found.");
  if (!caller.isAdmin && task.owner !== caller.projectId) {
    fail("forbidden", "The task of the marker belongs to another project.");
  }
  return task;
}
