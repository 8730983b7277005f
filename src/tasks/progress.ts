import type { TaskProgress, TaskRecord } from "../../db/task_records.ts";
import type { Deps } from "../deps.ts";

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
