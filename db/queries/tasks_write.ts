/** Making and changing tasks. */
import { placeholders, type Value, type WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import { emitTask, emitTaskOf } from "./emit.ts";
import { inputText } from "./task_row.ts";
import { readTask } from "./tasks_read.ts";

/** `DatabaseWrites.createTask`. */
export async function createTask(
  conn: WriteConn,
  task: Parameters<DatabaseWrites["createTask"]>[0],
): ReturnType<DatabaseWrites["createTask"]> {
  const now = conn.now();
  await conn.run(
    `INSERT INTO tasks (id, type, status, owner, created_at, updated_at, deleted, image_id, request_id, user_id)
     VALUES (?, ?, 'pending', ?, ?, ?, 0, ?, ?, ?)`,
    [task.id, task.type, task.owner, now, now, task.image_id, task.request_id, task.user_id],
  );
  await conn.run("INSERT INTO task_info (task_id, input, result, message) VALUES (?, ?, NULL, '')", [
    task.id,
    inputText(conn, task.input),
  ]);
  const made = (await readTask(conn, { id: task.id }))!;
  await emitTask(conn, "task.create", made);
  return made;
}

/** `DatabaseWrites.changeTask`. */
export async function changeTask(
  conn: WriteConn,
  change: Parameters<DatabaseWrites["changeTask"]>[0],
): ReturnType<DatabaseWrites["changeTask"]> {
  const expires = change.expires_at === undefined ? "" : ", expires_at = ?";
  const changed = await conn.run(
    `UPDATE tasks SET status = ?, updated_at = ?${expires}
     WHERE id = ? AND +deleted = 0 AND +status IN (${placeholders(change.from.length)})`,
    [
      change.status,
      conn.now(),
      ...(change.expires_at === undefined ? [] : [change.expires_at]),
      change.id,
      ...change.from,
    ],
  );
  if (changed === 0) return false;
  const sets: [string, Value][] = [];
  if (change.message !== undefined) sets.push(["message", change.message]);
  if (change.result !== undefined) {
    sets.push(["result", change.result === null ? null : JSON.stringify(change.result)]);
  }
  if (sets.length > 0) {
    await conn.run(
      `UPDATE task_info SET ${sets.map(([name]) => `${name} = ?`).join(", ")} WHERE task_id = ?`,
      [...sets.map(([, value]) => value), change.id],
    );
  }
  if (change.status === "processing") await emitTaskOf(conn, "task.run", change.id);
  await emitTaskOf(conn, `task.${change.status}`, change.id);
  return true;
}

/** `DatabaseWrites.sweepTasks`. */
export async function sweepTasks(
  conn: WriteConn,
  { owner, now }: Parameters<DatabaseWrites["sweepTasks"]>[0],
): Promise<void> {
  await conn.run(
    `UPDATE tasks SET deleted = 1, deleted_at = ? WHERE owner = ? AND +deleted = 0 AND expires_at <= ?`,
    [now, owner, now],
  );
}
