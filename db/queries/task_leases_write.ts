/** Leases of tasks: what tells a task under way from one whose process has died. */
import { placeholders, type WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { TaskEnd, TaskRecord } from "../task_records.ts";
import { emitImageOf } from "./emit.ts";
import { dropImportLock, takeImportLock } from "./import_lock_write.ts";
import { setProperties } from "./properties_write.ts";
import { changeTask, createTask } from "./tasks_write.ts";
import { touchImage } from "./touch.ts";

/** Of a statement on `images`: whether the run of the given token still has the image. */
export const WORKED_ON =
  "EXISTS (SELECT 1 FROM oneglance_tasks t WHERE t.image_id = images.id AND t.token = ?)";

/** `DatabaseWrites.startTask`: lock, task and lease, or nothing. */
export async function startTask(
  conn: WriteConn,
  { task, lease, lock }: Parameters<DatabaseWrites["startTask"]>[0],
): Promise<TaskRecord | null> {
  if (lock && !await takeImportLock(conn, { imageId: lease.image_id!, taskId: task.id })) return null;
  await conn.run(
    `INSERT INTO oneglance_tasks (task_id, image_id, token, owner, expires_at, attempts, caller, step, bytes, total, rate)
     VALUES (?, ?, ?, ?, ?, 1, ?, 'pending', 0, NULL, NULL)`,
    [task.id, lease.image_id, lease.token, lease.owner, lease.expires_at, lease.caller],
  );
  return await createTask(conn, task);
}

/** `DatabaseWrites.renewTasks`. */
export async function renewTasks(
  conn: WriteConn,
  { runs, expiresAt, silentSince }: Parameters<DatabaseWrites["renewTasks"]>[0],
): Promise<string[]> {
  for (const { token, step, bytes, total, rate } of runs) {
    await conn.run(
      "UPDATE oneglance_tasks SET expires_at = ?, step = ?, bytes = ?, total = ?, rate = ? WHERE token = ?",
      [expiresAt, step, bytes, total, rate, token],
    );
  }
  // A Glance beside us judges a task by its last change.
  await conn.run(
    `UPDATE tasks SET updated_at = ? WHERE status IN ('pending', 'processing') AND updated_at < ?
     AND id IN (SELECT task_id FROM oneglance_tasks WHERE token IN (${placeholders(runs.length)}))`,
    [conn.now(), silentSince, ...runs.map(({ token }) => token)],
  );
  const rows = await conn.all(
    `SELECT l.token FROM oneglance_tasks l JOIN tasks t ON t.id = l.task_id LEFT JOIN images i ON i.id = l.image_id
     WHERE l.token IN (${placeholders(runs.length)}) AND t.status IN ('pending', 'processing')
     AND (i.id IS NULL OR i.deleted = 0)`,
    runs.map(({ token }) => token),
  );
  return rows.map((row) => String(row.token));
}

/** `DatabaseWrites.takeTask`. */
export async function takeTask(
  conn: WriteConn,
  { token, by, counts }: Parameters<DatabaseWrites["takeTask"]>[0],
): Promise<boolean> {
  const changed = await conn.run(
    "UPDATE oneglance_tasks SET token = ?, owner = ?, expires_at = ?, attempts = attempts + ? WHERE token = ?",
    [by.token, by.owner, by.expires_at, counts ? 1 : 0, token],
  );
  return changed === 1;
}

/** `DatabaseWrites.endTask`: the task ends, its lock and its lease go. */
export async function endTask(
  conn: WriteConn,
  { token, end }: Parameters<DatabaseWrites["endTask"]>[0],
): Promise<boolean> {
  const id = await releaseTask(conn, token);
  if (id !== null) await finishTask(conn, id, end);
  return id !== null;
}

/** Ends a run: its lease and its lock go. The id of its task, null when it is not held any more. */
export async function releaseTask(conn: WriteConn, token: string): Promise<string | null> {
  const lease = await conn.one("SELECT task_id, image_id FROM oneglance_tasks WHERE token = ?", [token]);
  if (!lease) return null;
  const id = String(lease.task_id);
  await conn.run("DELETE FROM oneglance_tasks WHERE token = ?", [token]);
  if (lease.image_id !== null) {
    await dropImportLock(conn, { imageId: String(lease.image_id), taskId: id });
  }
  return id;
}

/** `DatabaseWrites.preemptTask`: whatever ran under the lock can write nothing any more. */
export async function preemptTask(
  conn: WriteConn,
  { imageId, taskId, token, end, setProperties: properties = {} }: Parameters<
    DatabaseWrites["preemptTask"]
  >[0],
): Promise<boolean> {
  const lease = await conn.one("SELECT token FROM oneglance_tasks WHERE task_id = ?", [taskId]);
  if ((lease?.token ?? null) !== token || !await dropImportLock(conn, { imageId, taskId })) return false;
  await conn.run("DELETE FROM oneglance_tasks WHERE task_id = ?", [taskId]);
  if (Object.keys(properties).length > 0) {
    const now = conn.now();
    await touchImage(conn, imageId, now);
    await setProperties(conn, imageId, properties, now);
    await emitImageOf(conn, "image.update", imageId);
  }
  await finishTask(conn, taskId, end);
  return true;
}

/** Gives a task its end, unless it has one. */
export async function finishTask(conn: WriteConn, id: string, end: TaskEnd): Promise<void> {
  await changeTask(conn, { id, from: ["pending", "processing"], ...end });
}
