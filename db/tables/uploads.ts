/** Leases of uploads: they distinguish an upload in progress from one whose process has died. */
import type { Conn, WriteConn } from "../conn.ts";
import type { LeaseHolder, NewUpload, UploadLease } from "../records.ts";
import { emit } from "./emit.ts";
import { guardLeased } from "./guards.ts";
import { expiredColumn, leaseOf } from "./leases.ts";

/** Every upload in progress, of this process and of others. */
export async function readUploads(conn: Conn): Promise<UploadLease[]> {
  const rows = await conn.all(
    `SELECT image_id, token, owner, store_id, ${
      expiredColumn(conn)
    } FROM oneglance_uploads ORDER BY image_id`,
  );
  return rows.map((row) => leaseOf<UploadLease>(row));
}

/** Of a statement on `images`: whether the upload of the given token still has the image. */
export const HELD = "EXISTS (SELECT 1 FROM oneglance_uploads u WHERE u.image_id = images.id AND u.token = ?)";

/** Writes the lease of an upload that begins; one that an older upload left is replaced. */
export async function beginUpload(conn: WriteConn, lease: NewUpload & { image_id: string }): Promise<void> {
  await conn.run(
    `INSERT INTO oneglance_uploads (image_id, token, owner, store_id, expires_at)
     VALUES (?, ?, ?, ?, ${conn.dialect.fromNow})
     ${conn.dialect.orUpdate("image_id", ["token", "owner", "store_id", "expires_at"])}`,
    [lease.image_id, lease.token, lease.owner, lease.store_id, lease.seconds],
  );
}

/** Removes the lease of an upload that has ended. */
export async function dropUpload(conn: WriteConn, token: string): Promise<void> {
  await conn.run("DELETE FROM oneglance_uploads WHERE token = ?", [token]);
}

interface TakeUpload {
  token: string;
  by: LeaseHolder;
}

/** Gives the lease of `token` to another upload; false when it is no longer held. */
export async function takeUpload(
  conn: WriteConn,
  { token, by }: TakeUpload,
): Promise<boolean> {
  const changed = await conn.run(
    `UPDATE oneglance_uploads SET token = ?, owner = ?, expires_at = ${conn.dialect.fromNow} WHERE token = ?`,
    [by.token, by.owner, by.seconds, token],
  );
  return changed === 1;
}

/**
 * Ends an upload without data: a `saving` image is `queued` again, the lease goes. Nothing when it is not held.
 * `failure`: what the notification says of the failed upload; it is recorded in any case.
 */
export async function cancelUpload(
  conn: WriteConn,
  { token, failure }: { token: string; failure?: string },
): Promise<void> {
  await guardLeased(conn, "oneglance_uploads", token);
  await conn.run(
    `UPDATE images SET status = 'queued', size = NULL, virtual_size = NULL, updated_at = ?
     WHERE id = (SELECT image_id FROM oneglance_uploads WHERE token = ?) AND +deleted = 0
     AND +status IN ('saving', 'uploading')`,
    [conn.now(), token],
  );
  await dropUpload(conn, token);
  if (failure !== undefined) {
    await emit(conn, { type: "image.upload", priority: "ERROR", about: "payload", body: failure });
  }
}
