/**
 * What a write guards while it reads and then decides (docs/adr/0013-mariadb-writes.md). Each is the first statement of
 * the write, so that two writes wait for each other in the same order.
 */
import type { WriteConn } from "../conn.ts";

/** Every write on an image, and on what belongs to it. */
export async function guardImage(conn: WriteConn, id: string): Promise<void> {
  // The id comes from the client, and MariaDB finds an image also by its id in capitals.
  await conn.guard?.(`image ${id.toLowerCase().trimEnd()}`);
}

/** A write that is judged by what a project uses. */
export async function guardOwner(conn: WriteConn, owner: string | null): Promise<void> {
  await conn.guard?.(`owner ${owner ?? ""}`);
}

/** A write that knows the lease of an image, and not the image; nothing when the lease is gone. */
export async function guardLeased(
  conn: WriteConn,
  table: "oneglance_uploads" | "oneglance_deletions" | "oneglance_tasks",
  token: string,
): Promise<void> {
  if (!conn.guard) return;
  const lease = await conn.one(`SELECT image_id FROM ${table} WHERE token = ?`, [token]);
  if (typeof lease?.image_id === "string") await guardImage(conn, lease.image_id);
}
