/** GET /v2/tasks/{id} (spec/tasks-api.md §6). */
import type { TaskRecord } from "../../db/task_records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";

/** The task; admins see those of others, and expired ones. Errors: not_found. */
export async function showTask({ caller, deps }: Ctx, id: string): Promise<TaskRecord> {
  const task = await deps.db.read.tasks.show({ id, deleted: caller.isAdmin });
  if (!task || (!caller.isAdmin && task.owner !== caller.projectId)) {
    fail("not_found", `Failed to find task ${id}`);
  }
  return task;
}
