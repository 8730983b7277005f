/** The import lock: the property `os_glance_import_task`, taken only where it is not (spec/background-jobs.md §4). */
import type { WriteConn } from "../conn.ts";

const LOCK = "os_glance_import_task";

interface Holder {
  imageId: string;
  taskId: string;
}

/** Sets the lock where there is none; false when there is, or the image is gone. */
export async function takeImportLock(
  conn: WriteConn,
  { imageId, taskId }: Holder,
): Promise<boolean> {
  const now = conn.now();
  const live = await conn.one("SELECT 1 AS live FROM images WHERE id = ? AND +deleted = 0", [imageId]);
  if (!live) return false;
  // A deleted row of that name can only come from an adopted database; it holds no lock.
  const taken = await conn.run(
    `INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted) VALUES (?, ?, ?, ?, ?, 0)
     ON CONFLICT (image_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, deleted = 0
     WHERE image_properties.deleted = 1`,
    [imageId, LOCK, taskId, now, now],
  );
  return taken === 1;
}

/** Removes the lock; false when this task does not hold it. */
export async function dropImportLock(
  conn: WriteConn,
  { imageId, taskId }: Holder,
): Promise<boolean> {
  const dropped = await conn.run(
    "DELETE FROM image_properties WHERE image_id = ? AND name = ? AND value = ?",
    [
      imageId,
      LOCK,
      taskId,
    ],
  );
  return dropped === 1;
}
