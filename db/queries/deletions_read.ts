import type { Conn } from "../conn.ts";
import type { DeletionLease } from "../records.ts";

/** `DatabaseReads.deletions`. */
export async function readDeletions(conn: Conn): Promise<DeletionLease[]> {
  const rows = await conn.all(
    "SELECT image_id, token, owner, expires_at FROM oneglance_deletions ORDER BY image_id",
  );
  return rows as unknown as DeletionLease[];
}
