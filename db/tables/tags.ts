/** Tags: unique per live image, in the order in which the client gave them (docs/reference/data-model.md §1.5). */
import { placeholders, type Row, type WriteConn } from "../conn.ts";
import type { Timestamp } from "../records.ts";
import { guardImage } from "./guards.ts";
import { emitImageOf, isLive, touchImage } from "./image_row.ts";

const ROWS = 100;

/** Adds tags to the end, each once. The caller knows that the image has none of them. */
export async function insertTags(
  conn: WriteConn,
  id: string,
  tags: readonly string[],
  now: Timestamp,
): Promise<void> {
  const unique = [...new Set(tags)];
  for (let start = 0; start < unique.length; start += ROWS) {
    const part = unique.slice(start, start + ROWS);
    await conn.run(
      `INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted)
       VALUES ${part.map(() => "(?, ?, ?, ?, 0)").join(", ")}`,
      part.flatMap((tag) => [id, tag, now, now]),
    );
  }
}

async function liveTags(conn: WriteConn, id: string): Promise<{ id: number; value: string }[]> {
  const rows: Row[] = await conn.all(
    "SELECT id, value FROM image_tags WHERE image_id = ? AND +deleted = 0 ORDER BY id",
    [id],
  );
  return rows.map((row) => ({ id: Number(row.id), value: String(row.value) }));
}

async function removeRows(conn: WriteConn, ids: readonly number[], now: Timestamp): Promise<void> {
  if (ids.length === 0) return;
  await conn.run(
    `UPDATE image_tags SET deleted = 1, deleted_at = ?, updated_at = ? WHERE id IN (${
      placeholders(ids.length)
    })`,
    [now, now, ...ids],
  );
}

/** Makes `tags` the whole list, in that order; rows that are already in their place are kept. */
export async function replaceTags(
  conn: WriteConn,
  id: string,
  tags: readonly string[],
  now: Timestamp,
): Promise<void> {
  const wanted = [...new Set(tags)];
  const present = await liveTags(conn, id);
  let kept = 0;
  while (kept < wanted.length && present[kept]?.value === wanted[kept]) kept++;
  await removeRows(conn, present.slice(kept).map((row) => row.id), now);
  await insertTags(conn, id, wanted.slice(kept), now);
}

/**
 * Adds the tag unless present, up to `quota` tags (negative = any); touches updated_at. `full` says how many there
 * would be. Also an addition of a tag that is there already touches updated_at.
 */
export async function addTag(
  conn: WriteConn,
  { id, tag, quota }: { id: string; tag: string; quota: number },
): Promise<{ outcome: "done" | "gone" } | { outcome: "full"; attempted: number }> {
  await guardImage(conn, id);
  const now = conn.now();
  const present = new Set((await liveTags(conn, id)).map((row) => row.value));
  const added = !present.has(tag);
  const attempted = present.size + (added ? 1 : 0);
  if (quota >= 0 && attempted > quota) {
    return await isLive(conn, id) ? { outcome: "full", attempted } : { outcome: "gone" };
  }
  if (!await touchImage(conn, id, now)) return { outcome: "gone" };
  if (added) await insertTags(conn, id, [tag], now);
  await emitImageOf(conn, "image.update", id);
  return { outcome: "done" };
}

export async function removeTag(
  conn: WriteConn,
  { id, tag }: { id: string; tag: string },
): Promise<"done" | "gone" | "absent"> {
  await guardImage(conn, id);
  const now = conn.now();
  const rows = (await liveTags(conn, id)).filter((row) => row.value === tag).map((row) => row.id);
  if (rows.length === 0) {
    return await isLive(conn, id) ? "absent" : "gone";
  }
  if (!await touchImage(conn, id, now)) return "gone";
  await removeRows(conn, rows, now);
  await emitImageOf(conn, "image.update", id);
  return "done";
}
