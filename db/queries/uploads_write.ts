/** Leases of uploads: what tells an upload under way from one whose process has died. */
import { placeholders, type WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { UploadLease } from "../records.ts";
import { emit } from "./emit.ts";

/** Of a statement on `images`: whether the upload of the given token still has the image. */
export const HELD = "EXISTS (SELECT 1 FROM oneglance_uploads u WHERE u.image_id = images.id AND u.token = ?)";

/** Writes the lease of an upload that begins; one that an older upload left is replaced. */
export async function beginUpload(conn: WriteConn, lease: UploadLease): Promise<void> {
  await conn.run(
    `INSERT INTO oneglance_uploads (image_id, token, owner, store_id, expires_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (image_id) DO UPDATE SET token = excluded.token, owner = excluded.owner,
       store_id = excluded.store_id, expires_at = excluded.expires_at`,
    [lease.image_id, lease.token, lease.owner, lease.store_id, lease.expires_at],
  );
}

/** Removes the lease of an upload that has ended. */
export async function dropUpload(conn: WriteConn, token: string): Promise<void> {
  await conn.run("DELETE FROM oneglance_uploads WHERE token = ?", [token]);
}

/** `DatabaseWrites.renewUploads`. */
export async function renewUploads(
  conn: WriteConn,
  { tokens, expiresAt }: Parameters<DatabaseWrites["renewUploads"]>[0],
): Promise<string[]> {
  const marks = placeholders(tokens.length);
  await conn.run(`UPDATE oneglance_uploads SET expires_at = ? WHERE token IN (${marks})`, [
    expiresAt,
    ...tokens,
  ]);
  await conn.run(`UPDATE oneglance_deletions SET expires_at = ? WHERE token IN (${marks})`, [
    expiresAt,
    ...tokens,
  ]);
  const rows = await conn.all(`SELECT token FROM oneglance_uploads WHERE token IN (${marks})`, tokens);
  return rows.map((row) => String(row.token));
}

/** `DatabaseWrites.takeUpload`. */
export async function takeUpload(
  conn: WriteConn,
  { token, by }: Parameters<DatabaseWrites["takeUpload"]>[0],
): Promise<boolean> {
  const changed = await conn.run(
    "UPDATE oneglance_uploads SET token = ?, owner = ?, expires_at = ? WHERE token = ?",
    [by.token, by.owner, by.expires_at, token],
  );
  return changed === 1;
}

/** `DatabaseWrites.cancelUpload`. */
export async function cancelUpload(
  conn: WriteConn,
  { token, failure }: Parameters<DatabaseWrites["cancelUpload"]>[0],
): Promise<void> {
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

/** Characters that fit into no page, so that the probe needs pages of its own. */
const PROBE_SIZE = 4096;

/** `DatabaseWrites.probe`. No image has the id. */
export async function probe(conn: WriteConn): Promise<void> {
  const lease = {
    image_id: "",
    token: "",
    owner: "x".repeat(PROBE_SIZE),
    store_id: null,
    expires_at: conn.now(),
  };
  await beginUpload(conn, lease);
  await dropUpload(conn, lease.token);
}
