/** Leases of tasks: they distinguish a task in progress from one whose process has died. */
import type { Conn, WriteConn } from "../conn.ts";
import type { LeaseHolder } from "../records.ts";
import type { NewTask, NewTaskLease, TaskEnd, TaskLease, TaskRecord } from "../task_records.ts";
import { guardImage, guardLeased } from "./guards.ts";
import { emitImageOf, touchImage } from "./image_row.ts";
import { expiredColumn, leaseOf } from "./leases.ts";
import { dropImportLock, setProperties, takeImportLock } from "./properties.ts";
import { changeTask, createTask } from "./tasks.ts";

const COLUMNS = "task_id, image_id, token, owner, attempts, caller, step, bytes, total, rate, `before`";

/** Every task in progress, of this process and of others; with `taskIds` only those. */
export async function readTaskLeases(
  conn: Conn,
  { taskIds }: { taskIds?: string[] },
): Promise<TaskLease[]> {
  const some = taskIds === undefined ? "" : `WHERE task_id IN (${taskIds.map(() => "?").join(", ")})`;
  const rows = await conn.all(
    `SELECT ${COLUMNS}, ${expiredColumn(conn)} FROM oneglance_tasks ${some} ORDER BY task_id`,
    taskIds ?? [],
  );
  return rows.map((row) => leaseOf<TaskLease>(row));
}

/** Of a statement on `images`: whether the run of the given token still has the image. */
export const WORKED_ON =
  "EXISTS (SELECT 1 FROM oneglance_tasks t WHERE t.image_id = images.id AND t.token = ?)";

interface StartTask {
  task: NewTask;
  lease: NewTaskLease;
  lock: boolean;
}

/** Makes a task with its lease; with `lock` also locks the image, null (and nothing is made) when that cannot be had. */
export async function startTask(
  conn: WriteConn,
  { task, lease, lock }: StartTask,
): Promise<TaskRecord | null> {
  if (lease.image_id !== null) await guardImage(conn, lease.image_id);
  if (lock && !await takeImportLock(conn, { imageId: lease.image_id!, taskId: task.id })) return null;
  await conn.run(
    `INSERT INTO oneglance_tasks (task_id, image_id, token, owner, expires_at, attempts, caller, step, bytes, total, rate)
     VALUES (?, ?, ?, ?, ${conn.dialect.fromNow}, 1, ?, 'pending', 0, NULL, NULL)`,
    [task.id, lease.image_id, lease.token, lease.owner, lease.seconds, lease.caller],
  );
  return await createTask(conn, task);
}

interface TakeTask {
  token: string;
  by: LeaseHolder;
  counts: boolean;
}

/**
 * Gives the lease of `token` to another run, which `counts` as an attempt; false when it is no longer held.
 */
export async function takeTask(
  conn: WriteConn,
  { token, by, counts }: TakeTask,
): Promise<boolean> {
  const changed = await conn.run(
    `UPDATE oneglance_tasks SET token = ?, owner = ?, expires_at = ${conn.dialect.fromNow}, attempts = attempts + ?
     WHERE token = ?`,
    [by.token, by.owner, by.seconds, counts ? 1 : 0, token],
  );
  return changed === 1;
}

/**
 * Ends the task of a run; deletes its lock and its lease. False when the run no longer holds it.
 */
export async function endTask(
  conn: WriteConn,
  { token, end }: { token: string; end: TaskEnd },
): Promise<boolean> {
  await guardLeased(conn, "oneglance_tasks", token);
  const id = await releaseTask(conn, token);
  if (id !== null) await finishTask(conn, id, end);
  return id !== null;
}

/** Ends a run: deletes its lease and its lock. Returns the id of its task, null when it is no longer held. */
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

interface PreemptTask {
  imageId: string;
  taskId: string;
  token: string | null;
  end: TaskEnd;
  setProperties?: Record<string, string>;
}

/**
 * Ends a task that holds an image and is taken for lost; its lock and its lease go. False, and nothing is changed,
 * unless it still has the lock and its lease (null = none) is that of `token`. Whatever ran under the lock can
 * write nothing any more.
 */
export async function preemptTask(
  conn: WriteConn,
  { imageId, taskId, token, end, setProperties: properties = {} }: PreemptTask,
): Promise<boolean> {
  await guardImage(conn, imageId);
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
