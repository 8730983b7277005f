/** Whether the database can be read and written: for health checks. */
import type { Conn, WriteConn } from "../conn.ts";

/** Reads a table: a node of Galera that has lost its cluster still answers what needs none. */
export async function ping(conn: Conn): Promise<void> {
  await conn.one("SELECT version_num FROM alembic_version LIMIT 1");
}

/** Characters that fit into no page, so that the probe needs pages of its own. */
const PROBE_SIZE = 4096;

/**
 * Writes some pages and takes them back in the same transaction: for health. Errors: unavailable when there is no
 * space. No task has the id.
 */
export async function probe(conn: WriteConn): Promise<void> {
  const id = crypto.randomUUID();
  await conn.run(
    `INSERT INTO oneglance_tasks (task_id, token, owner, expires_at, attempts, caller, step, bytes)
     VALUES (?, ?, '', ${conn.dialect.utcNow}, 0, ?, 'probe', 0)`,
    [id, id, "x".repeat(PROBE_SIZE)],
  );
  await conn.run("DELETE FROM oneglance_tasks WHERE task_id = ?", [id]);
}
