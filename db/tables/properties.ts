/** Properties: one row for each name and image, revived when it is set again (docs/reference/data-model.md §1.2). */
import { fail } from "../../src/errors.ts";
import { placeholders, type Value, type WriteConn } from "../conn.ts";
import { perDialect } from "../dialects/dialect.ts";
import type { Timestamp } from "../records.ts";
import { isLive } from "./image_row.ts";
import { IMAGE_PROPERTY } from "../../src/util/names.ts";

/** Rows in one statement: with six values each well below the engine's limit. */
const ROWS = 100;

const orOverwrite = perDialect((dialect) =>
  dialect.orUpdate("image_id, name", ["value", "updated_at"], [...dialect.renamed("name"), "deleted = 0"])
);

/** Two names of these are the same in a collation only if they are equal. */
const PLAIN = /^[a-z0-9_]+$/;

/**
 * Sets or overwrites properties; a removed one comes back with its old row and place. `isNew`: the image has none yet. Errors: bad_request, for a name
 * that the database does not tell from that of another property.
 */
export async function setProperties(
  conn: WriteConn,
  id: string,
  properties: Record<string, string | null>,
  now: Timestamp,
  { isNew = false } = {},
): Promise<void> {
  const entries = Object.entries(properties);
  for (let start = 0; start < entries.length; start += ROWS) {
    const part = entries.slice(start, start + ROWS);
    const values: Value[] = part.flatMap(([name, value]) => [id, name, value, now, now]);
    await conn.run(
      `INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted)
       VALUES ${part.map(() => "(?, ?, ?, ?, ?, 0)").join(", ")} ${orOverwrite(conn.dialect)}`,
      values,
    );
    const names = part.map(([name]) => name);
    if (conn.dialect.foldsText && !(isNew && names.every((name) => PLAIN.test(name)))) {
      await refuseTwins(conn, id, names);
    }
  }
}

/** Takes the write back when a name was written into the row of another one. */
async function refuseTwins(conn: WriteConn, id: string, names: readonly string[]): Promise<void> {
  const rows = await conn.all(
    `SELECT name FROM image_properties WHERE image_id = ? AND name IN (${
      placeholders(names.length)
    }) AND +deleted = 0`,
    [id, ...names],
  );
  const written = new Set(rows.map((row) => row.name));
  const twin = names.find((name) => !written.has(name));
  if (twin === undefined) return;
  fail("bad_request", `The database does not tell the property '${twin}' from another one of the image.`);
}

/** Marks properties deleted; the import lock is really deleted. */
export async function removeProperties(
  conn: WriteConn,
  id: string,
  names: readonly string[],
  now: Timestamp,
): Promise<void> {
  if (names.includes(IMAGE_PROPERTY.importTask)) {
    await conn.run("DELETE FROM image_properties WHERE image_id = ? AND name = ?", [
      id,
      IMAGE_PROPERTY.importTask,
    ]);
  }
  const rest = names.filter((name) => name !== IMAGE_PROPERTY.importTask);
  for (let start = 0; start < rest.length; start += ROWS) {
    const part = rest.slice(start, start + ROWS);
    await conn.run(
      `UPDATE image_properties SET deleted = 1, deleted_at = ?, updated_at = ?
       WHERE image_id = ? AND name IN (${placeholders(part.length)}) AND +deleted = 0`,
      [now, now, id, ...part],
    );
  }
}

const insertOrTake = perDialect((dialect) =>
  dialect.insertOrTake({
    table: "image_properties",
    key: ["image_id", "name"],
    overwritten: ["value", "updated_at"],
    inserted: ["created_at"],
    zero: ["deleted"],
    when: "deleted",
  })
);

interface Holder {
  imageId: string;
  taskId: string;
}

/** Sets the lock; false when another task holds it, or the image is gone. */
export async function takeImportLock(
  conn: WriteConn,
  { imageId, taskId }: Holder,
): Promise<boolean> {
  const now = conn.now();
  if (!await isLive(conn, imageId)) return false;
  // A deleted row of that name can only come from an adopted database; it holds no lock.
  return await insertOrTake(conn.dialect)(conn, {
    key: [imageId, IMAGE_PROPERTY.importTask],
    overwritten: [taskId, now],
    inserted: [now],
  });
}

/** Removes the lock; false when this task does not hold it. */
export async function dropImportLock(
  conn: WriteConn,
  { imageId, taskId }: Holder,
): Promise<boolean> {
  const dropped = await conn.run(
    "DELETE FROM image_properties WHERE image_id = ? AND name = ? AND value = ?",
    [
      imageId,
      IMAGE_PROPERTY.importTask,
      taskId,
    ],
  );
  return dropped === 1;
}
