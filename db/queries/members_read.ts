/** Members of an image (spec/data-model.md §1.4). */
import type { Conn, Row } from "../conn.ts";
import type { MemberRecord } from "../records.ts";

const LIVE = `SELECT image_id, member, status, created_at, coalesce(updated_at, created_at) AS updated_at
  FROM image_members WHERE image_id = ? AND +deleted = 0`;
const ALL = `${LIVE} ORDER BY id`;
const ONE = `${LIVE} AND member = ? ORDER BY id`;

/** The record of a row. */
export function memberOf(row: Row): MemberRecord {
  const { image_id, member, status, created_at, updated_at } = row;
  return { image_id, member, status, created_at, updated_at } as MemberRecord;
}

/** Live members in stored order, of which only `member` when it is given. */
export async function readMembers(
  conn: Conn,
  { imageId, member }: { imageId: string; member?: string },
): Promise<MemberRecord[]> {
  const rows = member === undefined ? await conn.all(ALL, [imageId]) : await conn.all(ONE, [imageId, member]);
  return rows.map(memberOf);
}
