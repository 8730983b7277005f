/** Images that a transfer has left without anybody at work on them: a glance-api that died, an adopted database. */
import type { Conn, WriteConn } from "../conn.ts";
import type { DatabaseReads, DatabaseWrites } from "../database.ts";
import type { StrandedImage } from "../records.ts";
import { transitionImage } from "./image_transition.ts";
import { preemptTask } from "./task_leases_write.ts";

// Data that was staged to its end has a size and waits for its import. os_hidden leads the index on status.
const STRANDED = `SELECT i.id, i.name, i.owner, i.status, coalesce(i.updated_at, i.created_at) AS since,
    p.value AS task_id, t.type AS task_type
  FROM images i
  LEFT JOIN image_properties p ON p.image_id = i.id AND p.name = 'os_glance_import_task' AND p.deleted = 0
  LEFT JOIN tasks t ON t.id = p.value
  WHERE i.deleted = 0 AND i.os_hidden IN (0, 1)
    AND (i.status IN ('saving', 'importing') OR i.status = 'uploading' AND i.size IS NULL)
    AND coalesce(i.updated_at, i.created_at) < ? AND (t.id IS NULL OR coalesce(t.updated_at, t.created_at) < ?)
    AND NOT EXISTS (SELECT 1 FROM oneglance_uploads u WHERE u.image_id = i.id)
    AND NOT EXISTS (SELECT 1 FROM oneglance_tasks l WHERE l.image_id = i.id)`;

/** `DatabaseReads.strandedImages`. */
export async function readStranded(
  conn: Conn,
  { before }: Parameters<DatabaseReads["strandedImages"]>[0],
): Promise<StrandedImage[]> {
  const rows = await conn.all(`${STRANDED} ORDER BY since, i.id`, [before, before]);
  return rows as unknown as StrandedImage[];
}

/** `DatabaseWrites.takeStranded`. */
export async function takeStranded(
  conn: WriteConn,
  { id, before, by, end }: Parameters<DatabaseWrites["takeStranded"]>[0],
): Promise<StrandedImage | null> {
  const row = await conn.one(`${STRANDED} AND i.id = ?`, [before, before, id]);
  if (!row) return null;
  const image = row as unknown as StrandedImage;
  if (image.task_id !== null) {
    await preemptTask(conn, { imageId: id, taskId: image.task_id, token: null, end });
  }
  // A location that somebody registered is not ours to empty: only its row goes.
  const registered = image.task_type === "location_import";
  await transitionImage(conn, {
    id,
    from: [image.status],
    to: registered ? "queued" : image.status === "importing" ? "saving" : "same",
    dropLocations: true,
    columns: { size: null, virtual_size: null, checksum: null, os_hash_algo: null, os_hash_value: null },
    ...(image.status === "importing"
      ? { setProperties: { os_glance_importing_to_stores: "", os_glance_failed_import: "" } }
      : {}),
    removeProperties: ["os_glance_stage_host", "os_glance_hash_op_host"],
    ...(registered ? {} : { beginUpload: by }),
  });
  return image;
}
