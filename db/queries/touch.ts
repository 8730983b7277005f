import type { WriteConn } from "../conn.ts";
import type { Timestamp } from "../records.ts";

/** Sets updated_at of a live image; false when there is none. Every change of an image does it. */
export async function touchImage(conn: WriteConn, id: string, now: Timestamp): Promise<boolean> {
  return await conn.run("UPDATE images SET updated_at = ? WHERE id = ? AND +deleted = 0", [now, id]) === 1;
}
