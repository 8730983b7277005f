/** Memberships: added, answered, removed; a removed one is revived when it is added again. */
import type { WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { MemberRecord } from "../records.ts";
import { emitMember } from "./emit.ts";
import { readMembers } from "./members_read.ts";

/** `DatabaseWrites.addMember`: the quota is looked at before the duplicate, as upstream does. */
export async function addMember(
  conn: WriteConn,
  { imageId, member, quota }: Parameters<DatabaseWrites["addMember"]>[0],
): ReturnType<DatabaseWrites["addMember"]> {
  if (!await conn.one("SELECT 1 AS live FROM images WHERE id = ? AND +deleted = 0", [imageId])) {
    return { outcome: "gone" };
  }
  const members = await readMembers(conn, { imageId });
  const attempted = members.length + 1;
  if (quota >= 0 && attempted > quota) return { outcome: "full", attempted };
  if (members.some((row) => row.member === member)) return { outcome: "duplicate" };
  const added = await revive(conn, imageId, member) ?? await insert(conn, imageId, member);
  await emitMember(conn, "image.member.create", added);
  return { outcome: "done", member: added };
}

async function revive(conn: WriteConn, imageId: string, member: string): Promise<MemberRecord | null> {
  const old = await conn.one(
    "SELECT id, created_at FROM image_members WHERE image_id = ? AND member = ? ORDER BY deleted_at DESC, id DESC",
    [imageId, member],
  );
  if (!old) return null;
  const now = conn.now();
  await conn.run(
    "UPDATE image_members SET deleted = 0, status = 'pending', can_share = 0, updated_at = ? WHERE id = ?",
    [now, Number(old.id)],
  );
  return {
    image_id: imageId,
    member,
    status: "pending",
    created_at: String(old.created_at),
    updated_at: now,
  };
}

async function insert(conn: WriteConn, imageId: string, member: string): Promise<MemberRecord> {
  const now = conn.now();
  await conn.run(
    `INSERT INTO image_members (image_id, member, can_share, status, created_at, updated_at, deleted)
     VALUES (?, ?, 0, 'pending', ?, ?, 0)`,
    [imageId, member, now, now],
  );
  return { image_id: imageId, member, status: "pending", created_at: now, updated_at: now };
}

/** `DatabaseWrites.setMemberStatus`. */
export async function setMemberStatus(
  conn: WriteConn,
  { imageId, member, status }: Parameters<DatabaseWrites["setMemberStatus"]>[0],
): ReturnType<DatabaseWrites["setMemberStatus"]> {
  const changed = await conn.run(
    "UPDATE image_members SET status = ?, updated_at = ? WHERE image_id = ? AND member = ? AND +deleted = 0",
    [status, conn.now(), imageId, member],
  );
  if (changed === 0) return null;
  const [record] = await readMembers(conn, { imageId, member });
  if (record) await emitMember(conn, "image.member.update", record);
  return record ?? null;
}

/** `DatabaseWrites.removeMember`: false when there was none. */
export async function removeMember(
  conn: WriteConn,
  { imageId, member }: Parameters<DatabaseWrites["removeMember"]>[0],
): Promise<boolean> {
  await dropTwins(conn, imageId);
  const now = conn.now();
  const removed = await conn.run(
    `UPDATE image_members SET deleted = 1, deleted_at = ?, updated_at = ?
     WHERE image_id = ? AND member = ? AND +deleted = 0`,
    [now, now, imageId, member],
  );
  if (removed > 0) await emitRemoved(conn, imageId, member);
  return removed > 0;
}

async function emitRemoved(conn: WriteConn, imageId: string, member: string): Promise<void> {
  const type = "image.member.delete";
  if (!conn.wants(type)) return;
  const row = await conn.one(
    `SELECT image_id, member, status, created_at, updated_at, deleted_at FROM image_members
     WHERE image_id = ? AND member = ? AND deleted = 1 ORDER BY deleted_at DESC LIMIT 1`,
    [imageId, member],
  );
  await emitMember(conn, type, row as unknown as MemberRecord & { deleted_at: string });
}

/**
 * An adopted database may hold a membership twice, for null times do not collide. Before the rows get one deleted_at,
 * by which they would, all but the first go.
 */
export async function dropTwins(conn: WriteConn, imageId: string): Promise<void> {
  await conn.run(
    `DELETE FROM image_members WHERE image_id = ? AND +deleted = 0 AND id NOT IN
       (SELECT min(id) FROM image_members WHERE image_id = ? AND +deleted = 0 GROUP BY member)`,
    [imageId, imageId],
  );
}
