/** The renewal of leases: the only write that all kinds of them share. */
import { placeholders, type WriteConn } from "../conn.ts";
import type { LeaseRenewal } from "../records.ts";

/**
 * Sets the end of these leases, and of tasks their progress; tasks that have not changed since `silentSince` get a new
 * `updated_at`. Returns the tokens of the transfers that still have a lease, and of the tasks that may continue.
 */
export async function renewLeases(conn: WriteConn, renewal: LeaseRenewal): Promise<string[]> {
  return [...await renewTransfers(conn, renewal), ...await renewTasks(conn, renewal)];
}

async function renewTransfers(
  conn: WriteConn,
  { transfers, transfersExpireAt }: LeaseRenewal,
): Promise<string[]> {
  const held: string[] = [];
  for (const table of transfers.length > 0 ? ["oneglance_uploads", "oneglance_deletions"] : []) {
    const which = `WHERE token IN (${placeholders(transfers.length)})`;
    await conn.run(`UPDATE ${table} SET expires_at = ? ${which}`, [transfersExpireAt, ...transfers]);
    const rows = await conn.all(`SELECT token FROM ${table} ${which}`, transfers);
    held.push(...rows.map(({ token }) => String(token)));
  }
  return held;
}

async function renewTasks(
  conn: WriteConn,
  { tasks, tasksExpireAt, silentSince }: LeaseRenewal,
): Promise<string[]> {
  if (tasks.length === 0) return [];
  for (const { token, step, bytes, total, rate } of tasks) {
    await conn.run(
      "UPDATE oneglance_tasks SET expires_at = ?, step = ?, bytes = ?, total = ?, rate = ? WHERE token = ?",
      [tasksExpireAt, step, bytes, total, rate, token],
    );
  }
  const tokens = tasks.map(({ token }) => token);
  // A Glance beside us judges a task by its last change.
  await conn.run(
    `UPDATE tasks SET updated_at = ? WHERE status IN ('pending', 'processing') AND updated_at < ?
     AND id IN (SELECT task_id FROM oneglance_tasks WHERE token IN (${placeholders(tokens.length)}))`,
    [conn.now(), silentSince, ...tokens],
  );
  const rows = await conn.all(
    `SELECT l.token FROM oneglance_tasks l JOIN tasks t ON t.id = l.task_id LEFT JOIN images i ON i.id = l.image_id
     WHERE l.token IN (${placeholders(tokens.length)}) AND t.status IN ('pending', 'processing')
     AND (i.id IS NULL OR i.deleted = 0)`,
    tokens,
  );
  return rows.map(({ token }) => String(token));
}
