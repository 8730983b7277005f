/** The renewal of leases: the only write that all kinds of them share. */
import { type Conn, placeholders, type Row, type WriteConn } from "../conn.ts";
import type { LeaseRenewal } from "../records.ts";
import { rowAs } from "../rows.ts";

/** Of a SELECT on leases: whether they have run out. */
export function expiredColumn({ dialect }: Conn): string {
  return `expires_at < ${dialect.utcNow} AS expired`;
}

/** A row with that column. */
export function leaseOf<L extends { expired: boolean }>(row: Row): L {
  return { ...rowAs<Omit<L, "expired">>(row), expired: row.expired === 1 } as L;
}

/**
 * Sets the end of these leases, and of tasks their progress; tasks that have not changed for `silentSeconds` get a new
 * `updated_at`. Returns the tokens of the transfers that still have a lease, and of the tasks that may continue.
 */
export async function renewLeases(conn: WriteConn, renewal: LeaseRenewal): Promise<string[]> {
  return [...await renewTransfers(conn, renewal), ...await renewTasks(conn, renewal)];
}

async function renewTransfers(
  conn: WriteConn,
  { transfers, transferSeconds }: LeaseRenewal,
): Promise<string[]> {
  const held: string[] = [];
  for (const table of transfers.length > 0 ? ["oneglance_uploads", "oneglance_deletions"] : []) {
    const which = `WHERE token IN (${placeholders(transfers.length)})`;
    await conn.run(`UPDATE ${table} SET expires_at = ${conn.dialect.fromNow} ${which}`, [
      transferSeconds,
      ...transfers,
    ]);
    const rows = await conn.all(`SELECT token FROM ${table} ${which}`, transfers);
    held.push(...rows.map(({ token }) => String(token)));
  }
  return held;
}

async function renewTasks(
  conn: WriteConn,
  { tasks, taskSeconds, silentSeconds }: LeaseRenewal,
): Promise<string[]> {
  if (tasks.length === 0) return [];
  for (const { token, step, bytes, total, rate } of tasks) {
    await conn.run(
      `UPDATE oneglance_tasks SET expires_at = ${conn.dialect.fromNow}, step = ?, bytes = ?, total = ?, rate = ?
       WHERE token = ?`,
      [taskSeconds, step, bytes, total, rate, token],
    );
  }
  const tokens = tasks.map(({ token }) => token);
  // A Glance beside us judges a task by its last change.
  await conn.run(
    `UPDATE tasks SET updated_at = ? WHERE status IN ('pending', 'processing') AND updated_at < ${conn.dialect.fromNow}
     AND id IN (SELECT task_id FROM oneglance_tasks WHERE token IN (${placeholders(tokens.length)}))`,
    [conn.now(), -silentSeconds, ...tokens],
  );
  const rows = await conn.all(
    `SELECT l.token FROM oneglance_tasks l JOIN tasks t ON t.id = l.task_id LEFT JOIN images i ON i.id = l.image_id
     WHERE l.token IN (${placeholders(tokens.length)}) AND t.status IN ('pending', 'processing')
     AND (i.id IS NULL OR i.deleted = 0)`,
    tokens,
  );
  return rows.map(({ token }) => String(token));
}
