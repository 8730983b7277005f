/** Reads of tasks (docs/reference/tasks-api.md §6, §7). */
import type { TaskListQuery, TaskProgress, TaskRecord } from "../../db/task_records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail } from "../errors.ts";
import { findImage } from "../images/find.ts";
import { authorizeImage } from "../policy/authorize.ts";

export type TaskPage = Omit<TaskListQuery, "owner" | "marker"> & { marker?: string };

/** One page; the caller's own tasks that have expired are swept first. Errors: bad_request, forbidden. */
export async function listTasks(ctx: Ctx, { marker: id, ...page }: TaskPage): Promise<TaskRecord[]> {
  const { caller, deps } = ctx;
  if (!caller.isAdmin && caller.projectId === null) return [];
  // An administrator without a project, as without an identity service, owns tasks by the empty name.
  await deps.db.write.tasks.sweep({ owner: caller.projectId ?? "" });
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

/** The task; admins see those of others, and expired ones. Errors: not_found. */
export async function showTask({ caller, deps }: Ctx, id: string): Promise<TaskRecord> {
  const task = await deps.db.read.tasks.show({ id, deleted: caller.isAdmin });
  if (!task || (!caller.isAdmin && task.owner !== caller.projectId)) {
    fail("not_found", `Failed to find task ${id}`);
  }
  return task;
}

/** Tasks of the image that have not expired; without admin rights only the caller's. Errors: not_found. */
export async function imageTasks(ctx: Ctx, imageId: string): Promise<TaskRecord[]> {
  const { caller, deps } = ctx;
  const image = await findImage(ctx, imageId, "The resource could not be found.");
  await authorizeImage(deps.policy, "get_image", caller, image);
  if (!caller.isAdmin && caller.projectId === null) return [];
  return await deps.db.read.tasks.ofImage({
    imageId,
    ...(caller.isAdmin ? {} : { owner: caller.projectId! }),
  });
}

/** How far tasks are, by id; those that have ended are missing. */
export async function progressOf(
  { db }: Pick<Deps, "db">,
  tasks: readonly TaskRecord[],
): Promise<Map<string, TaskProgress>> {
  if (tasks.length === 0) return new Map();
  const leases = await db.read.tasks.leases({ taskIds: tasks.map(({ id }) => id) });
  return new Map(
    leases.map(({ task_id, step, bytes, total, rate }) => [task_id, { step, bytes, total, rate }]),
  );
}
