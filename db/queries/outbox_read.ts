import type { Conn } from "../conn.ts";
import type { DatabaseReads } from "../database.ts";

/** `DatabaseReads.oldestEvent`. */
export async function readOldestEvent(conn: Conn): ReturnType<DatabaseReads["oldestEvent"]> {
  const row = await conn.one("SELECT owner, created_at FROM oneglance_outbox ORDER BY id LIMIT 1");
  return (row ?? null) as Awaited<ReturnType<DatabaseReads["oldestEvent"]>>;
}
