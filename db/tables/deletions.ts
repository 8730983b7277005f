/** Leases of deletions: the image is out of sight, or some of its locations go, and one process removes the data. */
import type { Conn, WriteConn } from "../conn.ts";
import type { DeletionLease, ImageRecord, LeaseHolder } from "../records.ts";
import { guardImage, guardLeased } from "./guards.ts";
import { liveImage } from "./image_row.ts";
import { expiredColumn, leaseOf } from "./leases.ts";
import { changeLocations } from "./locations.ts";

/** Every deletion in progress, of this process and of others. */
export async function readDeletions(conn: Conn): Promise<DeletionLease[]> {
  const rows = await conn.all(
    `SELECT image_id, token, owner, ${expiredColumn(conn)} FROM oneglance_deletions ORDER BY image_id`,
  );
  return rows.map((row) => leaseOf<DeletionLease>(row));
}

interface BeginDeletion {
  id: string;
  by: LeaseHolder;
}

/**
 * Takes an image out of sight until its data is gone (`deleteImage`) or stays (`cancelDeletion`); as it was
 * before. Nothing but the status changes, so that it can be set back.
 */
export async function beginDeletion(
  conn: WriteConn,
  { id, by }: BeginDeletion,
): Promise<{ outcome: "done"; image: ImageRecord } | { outcome: "gone" }> {
  await guardImage(conn, id);
  const image = await liveImage(conn, id);
  if (!image || image.status === "pending_delete" || image.status === "deleted") return { outcome: "gone" };
  await conn.run("UPDATE images SET status = 'pending_delete' WHERE id = ?", [id]);
  await conn.run(
    `INSERT INTO oneglance_deletions (image_id, token, owner, expires_at, was)
     VALUES (?, ?, ?, ${conn.dialect.fromNow}, ?)
     ${conn.dialect.orUpdate("image_id", ["token", "owner", "expires_at", "was"], ["location_ids = NULL"])}`,
    [id, by.token, by.owner, by.seconds, image.status],
  );
  return { outcome: "done", image };
}

interface BeginCopyDeletion {
  id: string;
  by: LeaseHolder;
  locationIds: number[];
  added: number;
  delayed: boolean;
}

/**
 * Before the data of some locations is removed, so that no other request removes the rest at the same time; ended by
 * `cancelDeletion`. `added` = locations that come in their place; `delayed` = their data stays, so that there is
 * nothing that another process must complete. The image stays in sight and as it is.
 */
export async function beginCopyDeletion(
  conn: WriteConn,
  { id, by, locationIds, added, delayed }: BeginCopyDeletion,
): Promise<"done" | "busy" | "changed" | "last" | "gone"> {
  await guardImage(conn, id);
  const image = await liveImage(conn, id);
  if (!image || image.status === "pending_delete") return "gone";
  if (await conn.one("SELECT 1 AS held FROM oneglance_deletions WHERE image_id = ?", [id])) return "busy";
  const known = image.locations.map((location) => location.id);
  if (!locationIds.every((location) => known.includes(location))) return "changed";
  if (known.length + added <= locationIds.length) return "last";
  await conn.run(
    `INSERT INTO oneglance_deletions (image_id, token, owner, expires_at, was, location_ids)
     VALUES (?, ?, ?, ${conn.dialect.fromNow}, ?, ?)`,
    [id, by.token, by.owner, by.seconds, image.status, delayed ? null : JSON.stringify(locationIds)],
  );
  return "done";
}

interface TakeDeletion {
  token: string;
  by: LeaseHolder;
}

/**
 * Gives the deletion of `token` to another process: of some locations, or of the image where they are null. Null
 * when it has ended.
 */
export async function takeDeletion(
  conn: WriteConn,
  { token, by }: TakeDeletion,
): Promise<{ image: ImageRecord; locationIds: number[] | null } | null> {
  await guardLeased(conn, "oneglance_deletions", token);
  const lease = await conn.one("SELECT image_id, location_ids FROM oneglance_deletions WHERE token = ?", [
    token,
  ]);
  const image = lease ? await liveImage(conn, String(lease.image_id)) : null;
  const copies = image && image.status !== "pending_delete" ? copiesLeft(image, lease?.location_ids) : null;
  if (!image || copies?.length === 0) {
    await conn.run("DELETE FROM oneglance_deletions WHERE token = ?", [token]);
    return null;
  }
  await conn.run(
    `UPDATE oneglance_deletions SET token = ?, owner = ?, expires_at = ${conn.dialect.fromNow} WHERE token = ?`,
    [by.token, by.owner, by.seconds, token],
  );
  return { image, locationIds: copies };
}

/** The locations of a lease that are still to be removed; none when no other would stay. */
function copiesLeft({ locations }: ImageRecord, listed: unknown): number[] {
  const wanted: number[] = typeof listed === "string" ? JSON.parse(listed) : [];
  const left = locations.map(({ id }) => id).filter((id) => wanted.includes(id));
  return left.length < locations.length ? left : [];
}

/** Brings the image back as it was, without these locations. Nothing when it is not held. */
export async function cancelDeletion(
  conn: WriteConn,
  { token, dropLocationIds }: { token: string; dropLocationIds: number[] },
): Promise<void> {
  await guardLeased(conn, "oneglance_deletions", token);
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
