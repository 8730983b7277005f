/** New images, and changes of what a client may change. */
import { fail } from "../../src/errors.ts";
import { SETTABLE } from "../columns.ts";
import { placeholders, type Value, type WriteConn } from "../conn.ts";
import type { ImageChange, ImageColumns, ImageRecord, ImageStatus, NewImage } from "../records.ts";
import { columnValues } from "./column_values.ts";
import { emitImage } from "./emit.ts";
import { liveImage } from "./images_read.ts";
import { changeLocations } from "./locations_write.ts";
import { removeProperties, setProperties } from "./properties_write.ts";
import { insertTags, replaceTags } from "./tags_write.ts";

const DEFAULTS: ImageColumns = {
  name: null,
  size: null,
  virtual_size: null,
  status: "queued",
  visibility: "shared",
  disk_format: null,
  container_format: null,
  checksum: null,
  os_hash_algo: null,
  os_hash_value: null,
  owner: null,
  min_disk: 0,
  min_ram: 0,
  protected: false,
  os_hidden: false,
};

const FIXED = ["id", "created_at", "updated_at", "deleted"];
const INSERT = `INSERT INTO images (${[...FIXED, ...SETTABLE].join(", ")})
  VALUES (${placeholders(FIXED.length + SETTABLE.length)}) ON CONFLICT (id) DO NOTHING`;

/** `DatabaseWrites.createImage`. Errors: conflict, when the id was ever used. */
export async function createImage(conn: WriteConn, input: NewImage): Promise<ImageRecord> {
  const now = conn.now();
  const columns = { ...DEFAULTS, ...Object.fromEntries(columnValues(input)) } as ImageColumns;
  const values: Value[] = [input.id, now, now, false, ...SETTABLE.map((name) => columns[name])];
  if (await conn.run(INSERT, values) === 0) fail("conflict", `Image ID ${input.id} already exists!`);
  await setProperties(conn, input.id, input.properties, now);
  await insertTags(conn, input.id, input.tags, now);
  const image: ImageRecord = {
    id: input.id,
    ...columns,
    created_at: now,
    updated_at: now,
    deleted_at: null,
    deleted: false,
    properties: { ...input.properties },
    tags: [...new Set(input.tags)],
    locations: [],
  };
  await emitImage(conn, "image.create", image);
  return image;
}

/** `DatabaseWrites.changeImage`: writes what is named and nothing else, so that two changes can stand together. */
export async function changeImage(conn: WriteConn, change: ImageChange): Promise<ImageRecord | null> {
  const now = conn.now();
  const { locations } = change;
  const columns = columnValues({ ...change.columns, status: undefined });
  if (locations?.activate) columns.push(["status", "active"]);
  if (locations) await requireStatus(conn, change.id, locations.from);
  const changed = await conn.run(
    `UPDATE images SET ${[...columns.map(([name]) => `${name} = ?`), "updated_at = ?"].join(", ")}
     WHERE id = ? AND +deleted = 0`,
    [...columns.map(([, value]) => value), now, change.id],
  );
  if (changed === 0) return null;
  await removeProperties(conn, change.id, change.removeProperties ?? [], now);
  await setProperties(conn, change.id, change.setProperties ?? {}, now);
  if (change.tags) await replaceTags(conn, change.id, change.tags, now);
  if (locations) await changeLocations(conn, change.id, locations, now);
  const image = await liveImage(conn, change.id);
  if (image) await emitImage(conn, "image.update", image);
  return image;
}

async function requireStatus(conn: WriteConn, id: string, from: readonly ImageStatus[]): Promise<void> {
  const row = await conn.one("SELECT status FROM images WHERE id = ? AND +deleted = 0", [id]);
  if (row && !from.includes(row.status as ImageStatus)) {
    fail("conflict", `It's not allowed to change locations if image status is ${row.status}.`);
  }
}
