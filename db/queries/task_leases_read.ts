/** Tasks under way. */
import type { Conn } from "../conn.ts";
import type { TaskLease } from "../task_records.ts";

const COLUMNS =
  "task_id, image_id, token, owner, expires_at, attempts, caller, step, bytes, total, rate, before";

/** `DatabaseReads.taskLeases`. */
export async function readTaskLeases(
  conn: Conn,
  { taskIds }: { taskIds?: string[] },
): Promise<TaskLease[]> {
  const some = taskIds === undefined ? "" : `WHERE task_id IN (${taskIds.map(() => "?").join(", ")})`;
  const rows = await conn.all(
    `SELECT ${COLUMNS} FROM oneglance_tasks ${some} ORDER BY task_id`,
    taskIds ?? [],
  );
  return rows as unknown as TaskLease[];
}
