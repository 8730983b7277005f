/** Images: made, changed, moved from status to status, deleted (docs/reference/data-model.md §1.1, §2). */
import { fail } from "../../src/errors.ts";
import { SETTABLE } from "../columns.ts";
import { placeholders, type Value, type WriteConn } from "../conn.ts";
import { perDialect } from "../dialects/dialect.ts";
import type {
  ImageChange,
  ImageColumns,
  ImageRecord,
  ImageStatus,
  ImageTransition,
  NewImage,
  OverLimit,
  TransitionResult,
  UsageLimit,
} from "../records.ts";
import { guardImage, guardOwner } from "./guards.ts";
import { backendOf, emitImage, liveImage } from "./image_row.ts";
import { changeLocations, dropActiveLocations, insertLocations } from "./locations.ts";
import { dropTwins } from "./members.ts";
import { removeProperties, setProperties } from "./properties.ts";
import { insertTags, replaceTags } from "./tags.ts";
import { finishTask, releaseTask, WORKED_ON } from "./task_leases.ts";
import { beginUpload, dropUpload, HELD } from "./uploads.ts";
import { readUsed } from "./usage.ts";

/**
 * The columns that `columns` names, with what is stored for them. Unknown names are not written, and an empty
 * owner is none (docs/reference/data-model.md §1.1).
 */
function columnValues(columns: Partial<ImageColumns>): [name: keyof ImageColumns, value: Value][] {
  return SETTABLE.flatMap((name) => {
    const value = columns[name];
    if (value === undefined) return [];
    return [[name, name === "owner" && value === "" ? null : value] as [keyof ImageColumns, Value]];
  });
}

const DEFAULTS: ImageColumns = {
  name: null,
  size: null,
  virtual_size: null,
  status: "queued",
  visibility: "shared",
  disk_format: null,
  container_format: null,
  checksum: null,
  os_hash_algo: null,
  os_hash_value: null,
  owner: null,
  min_disk: 0,
  min_ram: 0,
  protected: false,
  os_hidden: false,
};

const FIXED = ["id", "created_at", "updated_at", "deleted"];
const insertNew = perDialect((dialect) =>
  dialect.insertNew(
    `INSERT INTO images (${[...FIXED, ...SETTABLE].join(", ")})
  VALUES (${placeholders(FIXED.length + SETTABLE.length)})`,
    "id",
  )
);

/** A new image within a limit (null = none), which is judged in the same transaction. */
interface CreateImage extends NewImage {
  limit: UsageLimit | null;
}

/** Nothing is written when it would pass the limit. Errors: conflict, when the id was ever used, also by a deleted image. */
export async function createImage(
  conn: WriteConn,
  { limit, ...input }: CreateImage,
): Promise<{ outcome: "done"; image: ImageRecord } | OverLimit> {
  if (limit) await guardOwner(conn, limit.owner);
  return await overLimit(conn, input.id, limit) ?? { outcome: "done", image: await insertImage(conn, input) };
}

async function insertImage(conn: WriteConn, input: NewImage): Promise<ImageRecord> {
  const now = conn.now();
  const columns = { ...DEFAULTS, ...Object.fromEntries(columnValues(input)) } as ImageColumns;
  const values: Value[] = [input.id, now, now, false, ...SETTABLE.map((name) => columns[name])];
  if (!await insertNew(conn.dialect)(conn, values)) fail("conflict", `Image ID ${input.id} already exists!`);
  await setProperties(conn, input.id, input.properties, now, { isNew: true });
  await insertTags(conn, input.id, input.tags, now);
  const image: ImageRecord = {
    id: input.id,
    ...columns,
    created_at: now,
    updated_at: now,
    deleted_at: null,
    deleted: false,
    properties: { ...input.properties },
    tags: [...new Set(input.tags)],
    locations: [],
  };
  await emitImage(conn, "image.create", image);
  return image;
}

/**
 * Writes only what the change names and sets updated_at; null when the image is gone. Never touches status. Two
 * changes of different things can so meet.
 */
export async function changeImage(conn: WriteConn, change: ImageChange): Promise<ImageRecord | null> {
  await guardImage(conn, change.id);
  const now = conn.now();
  const { locations } = change;
  const columns = columnValues({ ...change.columns, status: undefined });
  if (locations?.activate) columns.push(["status", "active"]);
  if (locations) await requireStatus(conn, change.id, locations.from);
  const changed = await conn.run(
    `UPDATE images SET ${[...columns.map(([name]) => `${name} = ?`), "updated_at = ?"].join(", ")}
     WHERE id = ? AND +deleted = 0`,
    [...columns.map(([, value]) => value), now, change.id],
  );
  if (changed === 0) return null;
  await removeProperties(conn, change.id, change.removeProperties ?? [], now);
  await setProperties(conn, change.id, change.setProperties ?? {}, now);
  if (change.tags) await replaceTags(conn, change.id, change.tags, now);
  if (locations) await changeLocations(conn, change.id, locations, now);
  const image = await liveImage(conn, change.id);
  if (image) await emitImage(conn, "image.update", image);
  return image;
}

async function requireStatus(conn: WriteConn, id: string, from: readonly ImageStatus[]): Promise<void> {
  const row = await conn.one("SELECT status FROM images WHERE id = ? AND +deleted = 0", [id]);
  if (row && !from.includes(row.status as ImageStatus)) {
    fail("conflict", `It's not allowed to change locations if image status is ${row.status}.`);
  }
}

/** A transition within a limit (null = none), which is judged in the same transaction. */
interface TransitionImage extends ImageTransition {
  limit: UsageLimit | null;
}

/** All of it, or nothing when the image is in another status, its lease is lost, or it would pass the limit. */
export async function transitionImage(
  conn: WriteConn,
  { limit, ...change }: TransitionImage,
): Promise<TransitionResult | OverLimit> {
  await guardImage(conn, change.id);
  if (limit) await guardOwner(conn, limit.owner);
  const over = await overLimit(conn, change.id, limit);
  if (over) {
    // That the image cannot change at all is said first.
    const found = await statusOf(conn, change.id);
    return found.outcome === "gone" || !change.from.includes(found.status) ? found : over;
  }
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
    await conn.run("UPDATE oneglance_tasks SET `before` = ? WHERE token = ?", [change.taskBefore, task]);
  }
  const image = await liveImage(conn, id);
  return image ? { outcome: "done", image } : { outcome: "gone" };
}

/** Why a transition was not done. */
async function statusOf(
  conn: WriteConn,
  id: string,
): Promise<Exclude<TransitionResult, { outcome: "done" }>> {
  const row = await conn.one("SELECT status FROM images WHERE id = ? AND +deleted = 0", [id]);
  // One whose data is being removed is as good as gone.
  if (!row || row.status === "pending_delete") return { outcome: "gone" };
  return { outcome: "status", status: row.status as ImageStatus };
}

async function overLimit(
  conn: WriteConn,
  exceptImage: string,
  limit: UsageLimit | null,
): Promise<OverLimit | null> {
  if (limit === null) return null;
  const used = await readUsed(conn, { ...limit, exceptImage });
  return used + limit.add > limit.max ? { outcome: "over", used } : null;
}

const CHILDREN = ["image_properties", "image_members", "image_tags"] as const;

/**
 * Soft-deletes the image and its children (to `deleted`), or marks it and its active locations `pending_delete`.
 * Works from every live status. The record has the locations it had before. The image's own row and its children's
 * get the same deleted_at.
 */
export async function deleteImage(
  conn: WriteConn,
  { id, to }: { id: string; to: "deleted" | "pending_delete" },
): Promise<TransitionResult> {
  await guardImage(conn, id);
  const before = await liveImage(conn, id);
  if (!before) return { outcome: "gone" };
  const now = conn.now();
  await conn.run(
    "UPDATE images SET status = ?, deleted = 1, deleted_at = ?, updated_at = ? WHERE id = ?",
    [to, now, now, id],
  );
  await dropTwins(conn, id);
  for (const table of CHILDREN) {
    await conn.run(
      `UPDATE ${table} SET deleted = 1, deleted_at = ?, updated_at = ? WHERE image_id = ? AND +deleted = 0`,
      [now, now, id],
    );
  }
  await conn.run(
    `UPDATE image_locations SET status = ?, deleted = 1, deleted_at = ?, updated_at = ?
     WHERE image_id = ? AND +deleted = 0`,
    [to, now, now, id],
  );
  await conn.run("DELETE FROM oneglance_deletions WHERE image_id = ?", [id]);
  const image: ImageRecord = { ...before, status: to, deleted: true, deleted_at: now, updated_at: now };
  await emitImage(conn, "image.delete", image);
  return { outcome: "done", image };
}
