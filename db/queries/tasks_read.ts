/** Reading tasks. */
import type { Conn } from "../conn.ts";
import type { DatabaseReads } from "../database.ts";
import { TASK_COLUMNS, TASK_TABLES, taskOf } from "./task_row.ts";

/** `DatabaseReads.task`. */
export async function readTask(
  conn: Conn,
  { id, deleted = false }: Parameters<DatabaseReads["task"]>[0],
): ReturnType<DatabaseReads["task"]> {
  const live = deleted ? "" : " AND +t.deleted = 0";
  const row = await conn.one(`SELECT ${TASK_COLUMNS} FROM ${TASK_TABLES} WHERE t.id = ?${live}`, [id]);
  return row ? taskOf(conn, row) : null;
}

/** `DatabaseReads.imageTasks`. */
export async function readImageTasks(
  conn: Conn,
  { imageId, owner, now }: Parameters<DatabaseReads["imageTasks"]>[0],
): ReturnType<DatabaseReads["imageTasks"]> {
  const mine = owner === undefined ? "" : " AND t.owner = ?";
  const rows = await conn.all(
    `SELECT ${TASK_COLUMNS} FROM ${TASK_TABLES}
     WHERE t.image_id = ? AND +t.deleted = 0 AND (t.expires_at IS NULL OR t.expires_at > ?)${mine}
     ORDER BY t.created_at, t.id`,
    owner === undefined ? [imageId, now] : [imageId, now, owner],
  );
  return rows.map((row) => taskOf(conn, row));
}
