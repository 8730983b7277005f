/** Steps in the life of a task (spec/tasks-api.md §3). */
import type { TaskStatus } from "../../db/task_records.ts";
import type { Deps } from "../deps.ts";
import { toTimestamp } from "../util/timestamp.ts";

export const FINAL: readonly TaskStatus[] = ["success", "failure"];

/** What a task says when its cause is nobody's business. */
export const INTERNAL = "Task failed due to Internal Error";

/** Takes a pending task into work; false when it is not pending any more. */
export function processTask(deps: Deps, id: string): Promise<boolean> {
  return deps.db.write.changeTask({ id, from: ["pending"], status: "processing" });
}

/** Ends a task that is not ended yet. `text` is its message; without one the last stays. */
export async function finishTask(
  deps: Deps,
  id: string,
  status: "success" | "failure",
  text?: string,
  result?: Record<string, unknown>,
): Promise<boolean> {
  const hours = deps.config.get("task.task_time_to_live");
  return await deps.db.write.changeTask({
    id,
    from: ["pending", "processing"],
    status,
    expires_at: toTimestamp(Date.now() + hours * 3_600_000),
    ...(text === undefined ? {} : { message: text }),
    ...(result === undefined ? {} : { result }),
  });
}
