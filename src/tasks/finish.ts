/** Steps in the life of a task (spec/tasks-api.md §3). */
import type { TaskEnd, TaskStatus } from "../../db/task_records.ts";
import type { Deps } from "../deps.ts";
import { isError } from "../errors.ts";
import { toTimestamp } from "../util/timestamp.ts";
import type { Run } from "./background.ts";

export const FINAL: readonly TaskStatus[] = ["success", "failure"];

/** What a task says when its cause is nobody's business. */
export const INTERNAL = "Task failed due to Internal Error";

/** Takes a task into work; false when it is neither pending nor, as one that is resumed, processing. */
export function processTask(deps: Deps, id: string): Promise<boolean> {
  return deps.db.write.tasks.change({ id, from: ["pending", "processing"], status: "processing" });
}

/** How a task ends now; without `message` the last stays. */
export function taskEnd(
  deps: Deps,
  status: TaskEnd["status"],
  more: { message?: string; result?: Record<string, unknown> } = {},
): TaskEnd {
  const hours = deps.config.get("task.task_time_to_live");
  return { status, ...more, expires_at: toTimestamp(Date.now() + hours * 3_600_000) };
}

/** What a task says of the error that ended it: a limit by its own text, other causes after upstream's (§5.3). */
export function messageOf(error: unknown): string {
  if (!isError(error)) return INTERNAL;
  if (error.code === "too_large") return error.message;
  return ["internal", "database", "config"].includes(error.code) ? INTERNAL : `${INTERNAL}: ${error.message}`;
}

/** Leaves a task to the next process that looks for it. */
export async function leaveTask(deps: Deps, { token }: Run): Promise<void> {
  const by = { token, owner: "", expires_at: toTimestamp(0) };
  await deps.db.write.tasks.take({ token, by, counts: false });
}
