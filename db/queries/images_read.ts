/** One image by its id. */
import type { Conn } from "../conn.ts";
import type { ImageRecord, Viewer } from "../records.ts";
import { imageJson, imageOf } from "./image_row.ts";

const BY_ID = `SELECT ${imageJson("i")} FROM images i WHERE i.id = ?`;
const LIVE = `${BY_ID} AND +i.deleted = 0`;
const EXISTING = `${LIVE} AND i.status NOT IN ('deleted', 'pending_delete')`;
const VISIBLE = `${EXISTING} AND (
  i.owner IS NULL OR i.owner = ? OR i.visibility IN ('public', 'community')
  OR (i.visibility = 'shared' AND EXISTS (
    SELECT 1 FROM image_members m WHERE m.image_id = i.id AND m.member = ? AND +m.deleted = 0)))`;

/** The image when its row exists for the viewer: not deleted, and visible (spec/images-api.md §3.6). */
export async function readImage(
  conn: Conn,
  { id, viewer }: { id: string; viewer: Viewer },
): Promise<ImageRecord | null> {
  const row = viewer.isAdmin
    ? await conn.one(EXISTING, [id])
    : await conn.one(VISIBLE, [id, viewer.projectId, viewer.projectId]);
  return row ? imageOf(conn, row) : null;
}

/** The image when it is not deleted, whoever asks: for writes. */
export async function liveImage(conn: Conn, id: string): Promise<ImageRecord | null> {
  const row = await conn.one(LIVE, [id]);
  return row ? imageOf(conn, row) : null;
}
