/** Locations that no image shows any more. */
import type { Conn } from "../conn.ts";
import type { DatabaseReads } from "../database.ts";
import type { LocationRecord } from "../records.ts";
import { parseMetadata } from "./image_row.ts";

/** `DatabaseReads.delayedLocations`. */
export async function readDelayedLocations(
  conn: Conn,
  { imageId }: Parameters<DatabaseReads["delayedLocations"]>[0],
): Promise<LocationRecord[]> {
  const rows = await conn.all(
    `SELECT id, value, meta_data FROM image_locations WHERE image_id = ? AND +status = 'pending_delete' ORDER BY id`,
    [imageId],
  );
  return rows.map(({ id, value, meta_data }) => ({
    id: Number(id),
    url: conn.unseal(String(value)),
    metadata: parseMetadata(meta_data === null ? null : String(meta_data)),
    status: "pending_delete",
  }));
}
