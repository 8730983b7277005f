/** Members of an image; a removed membership is revived when it is added again (docs/reference/data-model.md §1.4). */
import type { Conn, WriteConn } from "../conn.ts";
import type { MemberRecord, MemberStatus, Timestamp } from "../records.ts";
import { rowAs, rowsAs } from "../rows.ts";
import { emit } from "./emit.ts";
import { guardImage } from "./guards.ts";
import { isLive } from "./image_row.ts";

const LIVE = `SELECT image_id, member, status, created_at, coalesce(updated_at, created_at) AS updated_at
  FROM image_members WHERE image_id = ? AND +deleted = 0`;
const ALL = `${LIVE} ORDER BY id`;
const ONE = `${LIVE} AND member = ? ORDER BY id`;

type RemovedMember = MemberRecord & { deleted_at: Timestamp };

/** Live members in stored order, of which only `member` when it is given. */
export async function readMembers(
  conn: Conn,
  { imageId, member }: { imageId: string; member?: string },
): Promise<MemberRecord[]> {
  const rows = member === undefined ? await conn.all(ALL, [imageId]) : await conn.all(ONE, [imageId, member]);
  return rowsAs<MemberRecord>(rows);
}

async function emitMember(
  conn: WriteConn,
  type: string,
  member: MemberRecord | RemovedMember,
): Promise<void> {
  await emit(conn, { type, about: "member", body: member });
}

type AddMemberResult =
  | { outcome: "done"; member: MemberRecord }
  | { outcome: "duplicate" | "gone" }
  | { outcome: "full"; attempted: number };

/**
 * Adds or revives a membership with status pending, unless there is a live one (`duplicate`) or `quota` is passed.
 * The quota is checked before the duplicate, as upstream does.
 */
export async function addMember(
  conn: WriteConn,
  { imageId, member, quota }: { imageId: string; member: string; quota: number },
): Promise<AddMemberResult> {
  await guardImage(conn, imageId);
  if (!await isLive(conn, imageId)) return { outcome: "gone" };
  const members = await readMembers(conn, { imageId });
  const attempted = members.length + 1;
  if (quota >= 0 && attempted > quota) return { outcome: "full", attempted };
  if (await hasMember(conn, members, { imageId, member })) return { outcome: "duplicate" };
  const added = await revive(conn, imageId, member) ?? await insert(conn, imageId, member);
  await emitMember(conn, "image.member.create", added);
  return { outcome: "done", member: added };
}

/** Whether one of `members` is the same to the database. */
async function hasMember(
  conn: WriteConn,
  members: readonly MemberRecord[],
  which: { imageId: string; member: string },
): Promise<boolean> {
  if (members.some((row) => row.member === which.member)) return true;
  return conn.dialect.foldsText && members.length > 0 && (await readMembers(conn, which)).length > 0;
}

async function revive(conn: WriteConn, imageId: string, member: string): Promise<MemberRecord | null> {
  const old = await conn.one(
    "SELECT id, created_at FROM image_members WHERE image_id = ? AND member = ? ORDER BY deleted_at DESC, id DESC",
    [imageId, member],
  );
  if (!old) return null;
  const now = conn.now();
  await conn.run(
    `UPDATE image_members SET member = ?, deleted = 0, status = 'pending', can_share = 0, updated_at = ?
     WHERE id = ?`,
    [member, now, Number(old.id)],
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

interface SetMemberStatus {
  imageId: string;
  member: string;
  status: MemberStatus;
}

/** Null when the membership does not exist. */
export async function setMemberStatus(
  conn: WriteConn,
  { imageId, member, status }: SetMemberStatus,
): Promise<MemberRecord | null> {
  await guardImage(conn, imageId);
  const changed = await conn.run(
    "UPDATE image_members SET status = ?, updated_at = ? WHERE image_id = ? AND member = ? AND +deleted = 0",
    [status, conn.now(), imageId, member],
  );
  if (changed === 0) return null;
  const [record] = await readMembers(conn, { imageId, member });
  if (record) await emitMember(conn, "image.member.update", record);
  return record ?? null;
}

/** False when there was none. */
export async function removeMember(
  conn: WriteConn,
  { imageId, member }: { imageId: string; member: string },
): Promise<boolean> {
  await guardImage(conn, imageId);
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
  if (row) await emitMember(conn, type, rowAs<RemovedMember>(row));
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
