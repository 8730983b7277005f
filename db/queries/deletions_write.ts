/** Deletions under way: the image is out of sight, its data is being removed, and whoever is at it is known. */
import type { WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { ImageRecord } from "../records.ts";
import { liveImage } from "./images_read.ts";
import { changeLocations } from "./locations_write.ts";

/** `DatabaseWrites.beginDeletion`: nothing but the status changes, so that it can be set back. */
export async function beginDeletion(
  conn: WriteConn,
  { id, by }: Parameters<DatabaseWrites["beginDeletion"]>[0],
): ReturnType<DatabaseWrites["beginDeletion"]> {
  const image = await liveImage(conn, id);
  if (!image || image.status === "pending_delete" || image.status === "deleted") return { outcome: "gone" };
  await conn.run("UPDATE images SET status = 'pending_delete' WHERE id = ?", [id]);
  await conn.run(
    `INSERT INTO oneglance_deletions (image_id, token, owner, expires_at, was) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (image_id) DO UPDATE SET token = excluded.token, owner = excluded.owner,
       expires_at = excluded.expires_at, was = excluded.was, location_ids = NULL`,
    [id, by.token, by.owner, by.expires_at, image.status],
  );
  return { outcome: "done", image };
}

/** `DatabaseWrites.beginCopyDeletion`: the image stays in sight and as it is. */
export async function beginCopyDeletion(
  conn: WriteConn,
  { id, by, locationIds, added, delayed }: Parameters<DatabaseWrites["beginCopyDeletion"]>[0],
): ReturnType<DatabaseWrites["beginCopyDeletion"]> {
  const image = await liveImage(conn, id);
  if (!image || image.status === "pending_delete") return "gone";
  if (await conn.one("SELECT 1 AS held FROM oneglance_deletions WHERE image_id = ?", [id])) return "busy";
  const known = image.locations.map((location) => location.id);
  if (!locationIds.every((location) => known.includes(location))) return "changed";
  if (known.length + added <= locationIds.length) return "last";
  await conn.run(
    `INSERT INTO oneglance_deletions (image_id, token, owner, expires_at, was, location_ids)
     VALUES (?, ?, ?, ?, ?, ?)`,
    [id, by.token, by.owner, by.expires_at, image.status, delayed ? null : JSON.stringify(locationIds)],
  );
  return "done";
}

/** `DatabaseWrites.takeDeletion`. */
export async function takeDeletion(
  conn: WriteConn,
  { token, by }: Parameters<DatabaseWrites["takeDeletion"]>[0],
): ReturnType<DatabaseWrites["takeDeletion"]> {
  const lease = await conn.one("SELECT image_id, location_ids FROM oneglance_deletions WHERE token = ?", [
    token,
  ]);
  const image = lease ? await liveImage(conn, String(lease.image_id)) : null;
  const copies = image && image.status !== "pending_delete" ? copiesLeft(image, lease?.location_ids) : null;
  if (!image || copies?.length === 0) {
    await conn.run("DELETE FROM oneglance_deletions WHERE token = ?", [token]);
    return null;
  }
  await conn.run("UPDATE oneglance_deletions SET token = ?, owner = ?, expires_at = ? WHERE token = ?", [
    by.token,
    by.owner,
    by.expires_at,
    token,
  ]);
  return { image, locationIds: copies };
}

/** The locations of a lease that are still to be removed; none when no other would stay. */
function copiesLeft({ locations }: ImageRecord, listed: unknown): number[] {
  const wanted: number[] = typeof listed === "string" ? JSON.parse(listed) : [];
  const left = locations.map(({ id }) => id).filter((id) => wanted.includes(id));
  return left.length < locations.length ? left : [];
}

/** `DatabaseWrites.cancelDeletion`. */
export async function cancelDeletion(
  conn: WriteConn,
  { token, dropLocationIds }: Parameters<DatabaseWrites["cancelDeletion"]>[0],
): Promise<void> {
  const lease = await conn.one("SELECT image_id, was FROM oneglance_deletions WHERE token = ?", [token]);
  if (!lease) return;
  const id = String(lease.image_id);
  await conn.run(
    "UPDATE images SET status = ? WHERE id = ? AND +deleted = 0 AND +status = 'pending_delete'",
    [String(lease.was), id],
  );
  const drop = dropLocationIds.map((row) => ({ id: row, to: "deleted" as const }));
  await changeLocations(conn, id, { add: [], drop, metadata: [] }, conn.now());
  await conn.run("DELETE FROM oneglance_deletions WHERE token = ?", [token]);
}
