/** Images that a transfer has left without anybody at work on them: a glance-api that died, an adopted database. */
import type { Conn, Row, WriteConn } from "../conn.ts";
import type { DatabaseReads, DatabaseWrites } from "../database.ts";
import type { StrandedImage, StrandedTask } from "../records.ts";
import { emitImageOf } from "./emit.ts";
import { moveImage } from "./image_transition.ts";
import { preemptTask } from "./task_leases_write.ts";
import { touchImage } from "./touch.ts";

// Data that was staged to its end has a size and waits for its import.
const broken = (table: string) =>
  `(${table}.status IN ('saving', 'importing') OR ${table}.status = 'uploading' AND ${table}.size IS NULL)`;
const LOCK = "os_glance_import_task";

// os_hidden leads the index on status.
const STRANDED = `SELECT i.id, i.name, i.owner, i.status, ${broken("i")} AS broken,
    coalesce(i.updated_at, i.created_at) AS since, p.value AS task_id, t.type AS task_type, t.status AS task_status,
    coalesce(t.updated_at, t.created_at) AS task_since
  FROM images i
  LEFT JOIN image_properties p ON p.image_id = i.id AND p.name = '${LOCK}' AND p.deleted = 0
  LEFT JOIN tasks t ON t.id = p.value
  WHERE i.deleted = 0 AND i.id IN (
    SELECT b.id FROM images b WHERE b.deleted = 0 AND b.os_hidden IN (0, 1) AND ${broken("b")}
    UNION SELECT image_id FROM image_properties WHERE name = '${LOCK}' AND deleted = 0)
    AND coalesce(i.updated_at, i.created_at) < ? AND (t.id IS NULL OR coalesce(t.updated_at, t.created_at) < ?)
    AND NOT EXISTS (SELECT 1 FROM oneglance_uploads u WHERE u.image_id = i.id)
    AND NOT EXISTS (SELECT 1 FROM oneglance_tasks l WHERE l.image_id = i.id)`;

const toImage = (
  row: Row,
): StrandedImage => ({ ...row, broken: Boolean(row.broken) } as unknown as StrandedImage);

/** `DatabaseReads.strandedImages`. */
export async function readStranded(
  conn: Conn,
  { before }: Parameters<DatabaseReads["strandedImages"]>[0],
): Promise<StrandedImage[]> {
  const rows = await conn.all(`${STRANDED} ORDER BY since, i.id`, [before, before]);
  return rows.map(toImage);
}

/** `DatabaseReads.strandedTasks`. */
export async function readStrandedTasks(
  conn: Conn,
  { before }: Parameters<DatabaseReads["strandedTasks"]>[0],
): Promise<StrandedTask[]> {
  const rows = await conn.all(
    `SELECT t.id, t.type, t.status, t.owner, coalesce(t.updated_at, t.created_at) AS since FROM tasks t
     WHERE t.status IN ('pending', 'processing') AND +t.deleted = 0 AND coalesce(t.updated_at, t.created_at) < ?
     AND NOT EXISTS (SELECT 1 FROM oneglance_tasks l WHERE l.task_id = t.id)
     AND t.id NOT IN (SELECT p.value FROM image_properties p JOIN images i ON i.id = p.image_id AND i.deleted = 0
       WHERE p.name = '${LOCK}' AND p.deleted = 0 AND p.value IS NOT NULL)
     ORDER BY since, t.id`,
    [before],
  );
  return rows as unknown as StrandedTask[];
}

/** `DatabaseWrites.takeStranded`. */
export async function takeStranded(
  conn: WriteConn,
  { id, before, by, end }: Parameters<DatabaseWrites["takeStranded"]>[0],
): Promise<StrandedImage | null> {
  const row = await conn.one(`${STRANDED} AND i.id = ?`, [before, before, id]);
  if (!row) return null;
  const image = toImage(row);
  if (image.task_id !== null) {
    await preemptTask(conn, { imageId: id, taskId: image.task_id, token: null, end });
  }
  if (!image.broken) {
    const now = conn.now();
    await touchImage(conn, id, now);
    await conn.run(
      `UPDATE image_properties SET value = '', updated_at = ?
       WHERE image_id = ? AND name = 'os_glance_importing_to_stores' AND deleted = 0`,
      [now, id],
    );
    await emitImageOf(conn, "image.update", id);
    return image;
  }
  // A location that somebody registered is not ours to empty: only its row goes.
  const registered = image.task_type === "location_import";
  await moveImage(conn, {
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
  await emitImageOf(conn, "image.update", id);
  return image;
}
