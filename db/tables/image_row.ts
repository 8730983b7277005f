/** One image with all that hangs on it: the select list, the row read back, and its notifications. */
import { IMAGE_COLUMNS } from "../columns.ts";
import type { Conn, Row, WriteConn } from "../conn.ts";
import type { ImageRecord, LocationRecord, Timestamp, Viewer } from "../records.ts";
import { emit } from "./emit.ts";

/** The columns of the image called `alias`. */
export function imageColumns(alias: string): string {
  return IMAGE_COLUMNS.map((name) => `${alias}.${name}`).join(", ");
}

// `+deleted` keeps the index on deleted, which holds almost every row, out of the choice. The order is in an inner
// query, where it comes from the index; ORDER BY inside the aggregate would sort, at twice the cost of the whole image.
function ordered(aggregate: string, columns: string, table: string, alias: string, more = ""): string {
  return `(SELECT ${aggregate} FROM (SELECT ${columns} FROM ${table} c
      WHERE c.image_id = ${alias}.id AND +c.deleted = 0${more} ORDER BY c.id))`;
}

/** Properties, tags and locations of the image called `alias`, each as JSON in stored order. */
function imageChildren(alias: string): string {
  const active = " AND c.status = 'active'";
  return [
    ordered("json_group_array(json_array(name, value))", "c.name, c.value", "image_properties", alias),
    ordered("json_group_array(value)", "c.value", "image_tags", alias),
    ordered(
      "json_group_array(json_array(id, value, meta_data))",
      "c.id, c.value, c.meta_data",
      "image_locations",
      alias,
      active,
    ),
  ].join(", ");
}

/** The image called `alias` as one JSON text: a row of one column crosses into the program at a third of the cost. */
export function imageJson(alias: string): string {
  return `json_array(${imageColumns(alias)}, ${imageChildren(alias)}) AS image`;
}

/** The metadata of a location; an unreadable or missing one counts as empty. */
export function parseMetadata(text: string | null): Record<string, unknown> {
  if (text === null || text === "{}") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : {};
  } catch {
    return {};
  }
}

type Children = [[string, string | null][], string[], [number, string, string | null][]];

/** The record of a row with `imageJson`. Of tags that an old database holds twice, the first counts. */
export function imageOf(conn: Conn, { image }: Row): ImageRecord {
  const values = JSON.parse(String(image)) as unknown[];
  const columns = Object.fromEntries(IMAGE_COLUMNS.map((name, index) => [name, values[index]]));
  const [properties, tags, locations] = values.slice(IMAGE_COLUMNS.length) as Children;
  return {
    ...columns,
    protected: columns.protected === 1,
    os_hidden: columns.os_hidden === 1,
    deleted: columns.deleted === 1,
    updated_at: columns.updated_at ?? columns.created_at,
    properties: Object.fromEntries(properties),
    tags: tags.length > 1 ? [...new Set(tags)] : tags,
    locations: locations.map(([id, stored, metadata]): LocationRecord => ({
      id,
      url: conn.unseal(stored),
      metadata: parseMetadata(metadata),
      status: "active",
    })),
  } as ImageRecord;
}

const BY_ID = `SELECT ${imageJson("i")} FROM images i WHERE i.id = ?`;
const LIVE = `${BY_ID} AND +i.deleted = 0`;
const EXISTING = `${LIVE} AND i.status NOT IN ('deleted', 'pending_delete')`;
const VISIBLE = `${EXISTING} AND (
  i.owner IS NULL OR i.owner = ? OR i.visibility IN ('public', 'community')
  OR (i.visibility = 'shared' AND EXISTS (
    SELECT 1 FROM image_members m WHERE m.image_id = i.id AND m.member = ? AND +m.deleted = 0)))`;

/** The image when its row exists for the viewer: not deleted, and visible (docs/reference/images-api.md §3.6). */
export async function readImage(
  conn: Conn,
  { id, viewer }: { id: string; viewer: Viewer },
): Promise<ImageRecord | null> {
  const row = viewer.isAdmin
    ? await conn.one(EXISTING, [id])
    : await conn.one(VISIBLE, [id, viewer.projectId, viewer.projectId]);
  return row ? imageOf(conn, row) : null;
}

/** The image when it is not deleted, for any caller: for writes. */
export async function liveImage(conn: Conn, id: string): Promise<ImageRecord | null> {
  const row = await conn.one(LIVE, [id]);
  return row ? imageOf(conn, row) : null;
}

/** Whether the image is there and not deleted. */
export async function isLive(conn: Conn, id: string): Promise<boolean> {
  return await conn.one("SELECT 1 AS live FROM images WHERE id = ? AND +deleted = 0", [id]) !== undefined;
}

/** Sets updated_at of a live image; false when there is none. Every change of an image does it. */
export async function touchImage(conn: WriteConn, id: string, now: Timestamp): Promise<boolean> {
  return await conn.run("UPDATE images SET updated_at = ? WHERE id = ? AND +deleted = 0", [now, id]) === 1;
}

/** An event about an image as it is now. Where its data lies is left out. */
export async function emitImage(
  conn: WriteConn,
  type: string,
  image: ImageRecord,
  extra?: Record<string, unknown>,
): Promise<void> {
  if (!conn.wants(type)) return;
  const body = { ...image, locations: undefined };
  await emit(conn, { type, about: "image", body, ...(extra ? { extra } : {}) });
}

/** The same for a caller that has only its id; nothing when the image is deleted. */
export async function emitImageOf(
  conn: WriteConn,
  type: string,
  id: string,
  extra?: Record<string, unknown>,
): Promise<void> {
  if (!conn.wants(type)) return;
  const image = await liveImage(conn, id);
  if (image) await emitImage(conn, type, image, extra);
}

/** Data is about to be written to `backend`, which only the multi-store mode names. */
export function backendOf(backend: string | null): Record<string, unknown> | undefined {
  return backend === null ? undefined : { backend };
}
