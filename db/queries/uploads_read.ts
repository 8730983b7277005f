import type { Conn } from "../conn.ts";
import type { UploadLease } from "../records.ts";

/** `DatabaseReads.uploads`. */
export async function readUploads(conn: Conn): Promise<UploadLease[]> {
  const rows = await conn.all(
    "SELECT image_id, token, owner, store_id, expires_at FROM oneglance_uploads ORDER BY image_id",
  );
  return rows as unknown as UploadLease[];
}
