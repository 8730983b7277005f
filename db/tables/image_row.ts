/** One image with its properties, tags and locations: the select list, the row read back, and its notifications. */
import { IMAGE_COLUMNS } from "../columns.ts";
import type { Conn, Row, WriteConn } from "../conn.ts";
import { type Dialect, inOrder, perDialect } from "../dialects/dialect.ts";
import { fail } from "../../src/errors.ts";
import type { ImageRecord, LocationRecord, Timestamp, Viewer } from "../records.ts";
import { emit } from "./emit.ts";

/** The select list of the columns of the image called `alias`. */
export function imageColumns(alias: string): string {
  return IMAGE_COLUMNS.map((name) => `${alias}.${name}`).join(", ");
}

/** Properties, tags and locations of the image called `alias`, each as JSON in stored order. */
function imageChildren(dialect: Dialect, alias: string): string {
  // `+deleted` keeps the index on deleted, which holds almost every row, out of the choice.
  const live = `c.image_id = ${alias}.id AND +c.deleted = 0`;
  return [
    dialect.collectById({
      columns: ["c.name", "c.value"],
      from: "image_properties c",
      where: live,
      id: "c.id",
    }),
    dialect.collectById({ columns: ["c.value"], from: "image_tags c", where: live, id: "c.id" }),
    dialect.collectById({
      columns: ["c.id", "c.value", "c.meta_data"],
      from: "image_locations c",
      where: `${live} AND c.status = 'active'`,
      id: "c.id",
    }),
  ].join(", ");
}

/** The image called `alias` as one JSON text: a row of one column crosses into the program at a third of the cost. */
export function imageJson(dialect: Dialect, alias: string): string {
  return `json_array(${imageColumns(alias)}, ${imageChildren(dialect, alias)}) AS image`;
}

/** Returns the metadata of a location; an unreadable or missing one counts as empty. */
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

type Collected<T> = Parameters<typeof inOrder<T>>[0];
type Children = [
  Collected<[string, string | null]>,
  Collected<string>,
  Collected<[number, string, string | null]>,
];

/**
 * Returns the record of a row with `imageJson`. Of tags that an old database holds twice, the first counts.
 * Errors: database, when the image is larger than what the database can put into one text.
 */
export function imageOf(conn: Conn, { image }: Row): ImageRecord {
  if (image === null) fail("database", TOO_LARGE);
  const values = JSON.parse(String(image)) as unknown[];
  const columns = Object.fromEntries(IMAGE_COLUMNS.map((name, index) => [name, values[index]]));
  const [properties, tags, locations] = values.slice(IMAGE_COLUMNS.length) as Children;
  const distinct = inOrder(tags);
  return {
    ...columns,
    protected: columns.protected === 1,
    os_hidden: columns.os_hidden === 1,
    deleted: columns.deleted === 1,
    updated_at: columns.updated_at ?? columns.created_at,
    properties: Object.fromEntries(inOrder(properties)),
    tags: distinct.length > 1 ? [...new Set(distinct)] : distinct,
    locations: inOrder(locations).map(([id, stored, metadata]): LocationRecord => ({
      id,
      url: conn.unseal(stored),
      metadata: parseMetadata(metadata),
      status: "active",
    })),
  } as ImageRecord;
}

const TOO_LARGE = "An image with its properties is larger than the database can return in one row. " +
  "Raise max_allowed_packet of the database server.";

const LIVE = perDialect((dialect) =>
  `SELECT ${imageJson(dialect, "i")} FROM images i WHERE i.id = ? AND +i.deleted = 0`
);
const EXISTING = perDialect((dialect) =>
  `${LIVE(dialect)} AND i.status NOT IN ('deleted', 'pending_delete')`
);
const VISIBLE = perDialect((dialect) =>
  `${EXISTING(dialect)} AND (
  i.owner IS NULL OR i.owner = ? OR i.visibility IN ('public', 'community')
  OR (i.visibility = 'shared' AND EXISTS (
    SELECT 1 FROM image_members m WHERE m.image_id = i.id AND m.member = ? AND +m.deleted = 0)))`
);

/** Returns the image when its row exists for the viewer: not deleted, and visible (docs/reference/images-api.md §3.6). */
export async function readImage(
  conn: Conn,
  { id, viewer }: { id: string; viewer: Viewer },
): Promise<ImageRecord | null> {
  const row = viewer.isAdmin
    ? await conn.one(EXISTING(conn.dialect), [id])
    : await conn.one(VISIBLE(conn.dialect), [id, viewer.projectId, viewer.projectId]);
  return row ? imageOf(conn, row) : null;
}

/** Returns the image when it is not deleted, for any caller: for writes. */
export async function liveImage(conn: Conn, id: string): Promise<ImageRecord | null> {
  const row = await conn.one(LIVE(conn.dialect), [id]);
  return row ? imageOf(conn, row) : null;
}

/** Whether the image exists and is not deleted. */
export async function isLive(conn: Conn, id: string): Promise<boolean> {
  return await conn.one("SELECT 1 AS live FROM images WHERE id = ? AND +deleted = 0", [id]) !== undefined;
}

/** Sets updated_at of a live image; returns false when it does not exist. Every change of an image does it. */
export async function touchImage(conn: WriteConn, id: string, now: Timestamp): Promise<boolean> {
  return await conn.run("UPDATE images SET updated_at = ? WHERE id = ? AND +deleted = 0", [now, id]) === 1;
}

/** Records an event about an image as it is now, without its locations. */
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

/** Records such an event for a caller that has only the id; records nothing when the image is deleted. */
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

/** Returns what an event says of the store `backend` that data is about to be written to; only the multi-store mode names one. */
export function backendOf(backend: string | null): Record<string, unknown> | undefined {
  return backend === null ? undefined : { backend };
}
