/** Locations: where the bytes of an image lie (docs/reference/data-model.md §1.3). */
import type { Conn, WriteConn } from "../conn.ts";
import type { ImageRecord, LocationChange, LocationRecord, Timestamp } from "../records.ts";
import { guardImage } from "./guards.ts";
import { jsonText } from "../rows.ts";
import { emitImage, liveImage, parseMetadata, touchImage } from "./image_row.ts";

/** Locations whose data waits for the scrubber, of an image that is there or deleted. */
export async function readDelayedLocations(
  conn: Conn,
  { imageId }: { imageId: string },
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

/** Adds active rows after those that there are. */
export async function insertLocations(
  conn: WriteConn,
  id: string,
  locations: readonly { url: string; metadata: Record<string, unknown> }[],
  now: Timestamp,
): Promise<void> {
  for (const { url, metadata } of locations) {
    await conn.run(
      `INSERT INTO image_locations (image_id, value, meta_data, status, created_at, updated_at, deleted)
       VALUES (?, ?, ?, 'active', ?, ?, 0)`,
      [id, conn.seal(url), jsonText(metadata), now, now],
    );
  }
}

/** What a change does to single rows. */
export async function changeLocations(
  conn: WriteConn,
  id: string,
  { add, drop, metadata }: Pick<LocationChange, "add" | "drop" | "metadata">,
  now: Timestamp,
): Promise<void> {
  for (const row of drop) {
    await conn.run(
      `UPDATE image_locations SET status = ?, deleted = 1, deleted_at = ?, updated_at = ?
       WHERE id = ? AND image_id = ? AND +deleted = 0`,
      [row.to, now, now, row.id, id],
    );
  }
  for (const row of metadata) {
    await conn.run(
      "UPDATE image_locations SET meta_data = ?, updated_at = ? WHERE id = ? AND image_id = ? AND +deleted = 0",
      [jsonText(row.metadata), now, row.id, id],
    );
  }
  await insertLocations(conn, id, add, now);
}

/** Marks every active row of an image. */
export async function dropActiveLocations(
  conn: WriteConn,
  id: string,
  to: "deleted" | "pending_delete",
  now: Timestamp,
): Promise<void> {
  await conn.run(
    `UPDATE image_locations SET status = ?, deleted = 1, deleted_at = ?, updated_at = ?
     WHERE image_id = ? AND +deleted = 0 AND status = 'active'`,
    [to, now, now, id],
  );
}

interface DropLocation {
  id: string;
  locationId: number;
  to: "deleted" | "pending_delete";
}

/**
 * Marks one location row `deleted` or `pending_delete`; null when the image is gone. A row that is dropped already
 * stays as it is.
 */
export async function dropLocation(
  conn: WriteConn,
  { id, locationId, to }: DropLocation,
): Promise<ImageRecord | null> {
  await guardImage(conn, id);
  const now = conn.now();
  if (!await touchImage(conn, id, now)) return null;
  await changeLocations(conn, id, { add: [], drop: [{ id: locationId, to }], metadata: [] }, now);
  const image = await liveImage(conn, id);
  if (image) await emitImage(conn, "image.update", image);
  return image;
}

interface SetLocationMetadata {
  id: string;
  locationId: number;
  metadata: Record<string, unknown>;
}

/** Replaces the metadata of a location row. */
export async function setLocationMetadata(
  conn: WriteConn,
  { id, locationId, metadata }: SetLocationMetadata,
): Promise<void> {
  await guardImage(conn, id);
  const now = conn.now();
  if (!await touchImage(conn, id, now)) return;
  await changeLocations(conn, id, { add: [], drop: [], metadata: [{ id: locationId, metadata }] }, now);
}
