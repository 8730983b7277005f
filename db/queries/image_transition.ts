/** Conditional changes of status: the only protection against double uploads (spec/data-model.md §2.1). */
import { placeholders, type WriteConn } from "../conn.ts";
import type { ImageRecord, ImageStatus, ImageTransition, TransitionResult } from "../records.ts";
import { columnValues } from "./column_values.ts";
import { backendOf, emitImage } from "./emit.ts";
import { liveImage } from "./images_read.ts";
import { changeLocations, dropActiveLocations, insertLocations } from "./locations_write.ts";
import { removeProperties, setProperties } from "./properties_write.ts";
import { finishTask, releaseTask, WORKED_ON } from "./task_leases_write.ts";
import { beginUpload, dropUpload, HELD } from "./uploads_write.ts";

/** `DatabaseWrites.transitionImage`: all of it, or nothing when the image is in another status or its lease is lost. */
export async function transitionImage(conn: WriteConn, change: ImageTransition): Promise<TransitionResult> {
  const result = await moveImage(conn, change);
  if (result.outcome !== "done") return result;
  const released = change.task !== undefined && change.endTask ? await releaseTask(conn, change.task) : null;
  // Its import lock has gone with the task.
  const image = released === null ? result.image : await liveImage(conn, change.id) ?? result.image;
  await emitMoved(conn, change, image);
  if (released !== null) await finishTask(conn, released, change.endTask!);
  return { outcome: "done", image };
}

async function emitMoved(
  conn: WriteConn,
  { to, data, beginUpload }: ImageTransition,
  image: ImageRecord,
): Promise<void> {
  if (data === "prepared") {
    await emitImage(conn, "image.prepare", image, backendOf(beginUpload?.store_id ?? null));
    return;
  }
  if (data === "uploaded") await emitImage(conn, "image.upload", image);
  if (data === "uploaded" && to === "active") await emitImage(conn, "image.activate", image);
  await emitImage(conn, "image.update", image);
}

/** The change of the image and its leases, without its events and the end of its task. */
export async function moveImage(conn: WriteConn, change: ImageTransition): Promise<TransitionResult> {
  const { id, from, to, endUpload, task } = change;
  const now = conn.now();
  const columns = columnValues(to === "same" ? { ...change.columns } : { ...change.columns, status: to });
  const changed = await conn.run(
    `UPDATE images SET ${[...columns.map(([name]) => `${name} = ?`), "updated_at = ?"].join(", ")}
     WHERE id = ? AND +deleted = 0 AND +status IN (${placeholders(from.length)})
     ${endUpload === undefined ? "" : `AND ${HELD}`} ${task === undefined ? "" : `AND ${WORKED_ON}`}`,
    [
      ...columns.map(([, value]) => value),
      now,
      id,
      ...from,
      ...(endUpload === undefined ? [] : [endUpload]),
      ...(task === undefined ? [] : [task]),
    ],
  );
  if (changed === 0) return await statusOf(conn, id);
  if (change.beginUpload) await beginUpload(conn, { image_id: id, ...change.beginUpload });
  if (endUpload !== undefined) await dropUpload(conn, endUpload);
  if (change.dropLocations) await dropActiveLocations(conn, id, "deleted", now);
  const drop = (change.dropLocationIds ?? []).map((row) => ({ id: row, to: "deleted" as const }));
  await changeLocations(conn, id, { add: [], drop, metadata: [] }, now);
  await insertLocations(conn, id, change.addLocations ?? [], now);
  await removeProperties(conn, id, change.removeProperties ?? [], now);
  await setProperties(conn, id, change.setProperties ?? {}, now);
  if (task !== undefined && change.taskBefore !== undefined) {
    await conn.run("UPDATE oneglance_tasks SET before = ? WHERE token = ?", [change.taskBefore, task]);
  }
  const image = await liveImage(conn, id);
  return image ? { outcome: "done", image } : { outcome: "gone" };
}

/** Why a transition was not done. */
export async function statusOf(
  conn: WriteConn,
  id: string,
): Promise<Exclude<TransitionResult, { outcome: "done" }>> {
  const row = await conn.one("SELECT status FROM images WHERE id = ? AND +deleted = 0", [id]);
  // One whose data is being removed is as good as gone.
  if (!row || row.status === "pending_delete") return { outcome: "gone" };
  return { outcome: "status", status: row.status as ImageStatus };
}
