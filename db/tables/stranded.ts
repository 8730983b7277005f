/** Images and tasks on which no process works any more: a glance-api that died, an adopted database. */
import type { Conn, Row, WriteConn } from "../conn.ts";
import type { NewUpload, StrandedImage, StrandedTask } from "../records.ts";
import { rowAs, rowsAs } from "../rows.ts";
import type { TaskEnd } from "../task_records.ts";
import { guardImage } from "./guards.ts";
import { emitImageOf, touchImage } from "./image_row.ts";
import { moveImage } from "./images.ts";
import { preemptTask } from "./task_leases.ts";
import { IMAGE_PROPERTY } from "../../src/util/names.ts";

// Data that was staged to its end has a size and waits for its import.
const broken = (table: string) =>
  `(${table}.status IN ('saving', 'importing') OR ${table}.status = 'uploading' AND ${table}.size IS NULL)`;

// os_hidden leads the index on status.
const stranded = ({ dialect }: Conn) =>
  `SELECT i.id, i.name, i.owner, i.status, ${broken("i")} AS broken,
    coalesce(i.updated_at, i.created_at) AS since, p.value AS task_id, t.type AS task_type, t.status AS task_status,
    coalesce(t.updated_at, t.created_at) AS task_since
  FROM (
    SELECT b.id FROM images b WHERE b.deleted = 0 AND b.os_hidden IN (0, 1) AND ${broken("b")}
    UNION SELECT image_id FROM image_properties WHERE name = '${IMAGE_PROPERTY.importTask}' AND deleted = 0) AS few
  JOIN images i ON i.id = few.id
  LEFT JOIN image_properties p ON p.image_id = i.id AND p.name = '${IMAGE_PROPERTY.importTask}' AND p.deleted = 0
  LEFT JOIN tasks t ON t.id = p.value
  WHERE i.deleted = 0 AND coalesce(i.updated_at, i.created_at) < ${dialect.fromNow}
    AND (t.id IS NULL OR coalesce(t.updated_at, t.created_at) < ${dialect.fromNow})
    AND NOT EXISTS (SELECT 1 FROM oneglance_uploads u WHERE u.image_id = i.id)
    AND NOT EXISTS (SELECT 1 FROM oneglance_tasks l WHERE l.image_id = i.id)`;

function toImage(row: Row): StrandedImage {
  return { ...rowAs<Omit<StrandedImage, "broken">>(row), broken: row.broken === 1 };
}

/**
 * Images in a transfer or locked that no process of ours works on, unchanged for so many seconds; oldest first.
 */
export async function readStranded(
  conn: Conn,
  { seconds }: { seconds: number },
): Promise<StrandedImage[]> {
  const rows = await conn.all(`${stranded(conn)} ORDER BY since, i.id`, [-seconds, -seconds]);
  return rows.map(toImage);
}

/** Tasks that have not ended, lock no image and are worked on by no process, unchanged for so many seconds; oldest first. */
export async function readStrandedTasks(
  conn: Conn,
  { seconds }: { seconds: number },
): Promise<StrandedTask[]> {
  const rows = await conn.all(
    `SELECT t.id, t.type, t.status, t.owner, coalesce(t.updated_at, t.created_at) AS since FROM tasks t
     WHERE t.status IN ('pending', 'processing') AND +t.deleted = 0 AND coalesce(t.updated_at, t.created_at) < ${conn.dialect.fromNow}
     AND NOT EXISTS (SELECT 1 FROM oneglance_tasks l WHERE l.task_id = t.id)
     AND t.id NOT IN (SELECT p.value FROM image_properties p JOIN images i ON i.id = p.image_id AND i.deleted = 0
       WHERE p.name = '${IMAGE_PROPERTY.importTask}' AND p.deleted = 0 AND p.value IS NOT NULL)
     ORDER BY since, t.id`,
    [-seconds],
  );
  return rowsAs<StrandedTask>(rows);
}

interface TakeStranded {
  id: string;
  seconds: number;
  by: NewUpload;
  end: TaskEnd;
}

/**
 * Ends the task of a stranded image and gives the image to an upload that then removes its data; null when it is
 * none any more. After a location import the image is queued, and whatever it pointed to stays. One that is not
 * broken loses its lock alone.
 */
export async function takeStranded(
  conn: WriteConn,
  { id, seconds, by, end }: TakeStranded,
): Promise<StrandedImage | null> {
  await guardImage(conn, id);
  const row = await conn.one(`${stranded(conn)} AND i.id = ?`, [-seconds, -seconds, id]);
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
       WHERE image_id = ? AND name = '${IMAGE_PROPERTY.importing}' AND deleted = 0`,
      [now, id],
    );
    await emitImageOf(conn, "image.update", id);
    return image;
  }
  // A location that a user registered is not ours to empty: only its row is deleted.
  const registered = image.task_type === "location_import";
  await moveImage(conn, {
    id,
    from: [image.status],
    to: registered ? "queued" : image.status === "importing" ? "saving" : "same",
    dropLocations: true,
    columns: { size: null, virtual_size: null, checksum: null, os_hash_algo: null, os_hash_value: null },
    ...(image.status === "importing"
      ? { setProperties: { [IMAGE_PROPERTY.importing]: "", [IMAGE_PROPERTY.failed]: "" } }
      : {}),
    removeProperties: [IMAGE_PROPERTY.stageHost, IMAGE_PROPERTY.hashHost],
    ...(registered ? {} : { beginUpload: by }),
  });
  await emitImageOf(conn, "image.update", id);
  return image;
}
