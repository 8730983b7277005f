/** Soft deletion of an image with all that hangs on it (spec/data-model.md §2.2). */
import type { WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { ImageRecord } from "../records.ts";
import { emitImage } from "./emit.ts";
import { liveImage } from "./images_read.ts";
import { dropTwins } from "./members_write.ts";

const CHILDREN = ["image_properties", "image_members", "image_tags"] as const;

/** `DatabaseWrites.deleteImage`: the image's own row and its children's get the same deleted_at. */
export async function deleteImage(
  conn: WriteConn,
  { id, to }: Parameters<DatabaseWrites["deleteImage"]>[0],
): ReturnType<DatabaseWrites["deleteImage"]> {
  const before = await liveImage(conn, id);
  if (!before) return { outcome: "gone" };
  const now = conn.now();
  await conn.run(
    "UPDATE images SET status = ?, deleted = 1, deleted_at = ?, updated_at = ? WHERE id = ?",
    [to, now, now, id],
  );
  await dropTwins(conn, id);
  for (const table of CHILDREN) {
    await conn.run(
      `UPDATE ${table} SET deleted = 1, deleted_at = ?, updated_at = ? WHERE image_id = ? AND +deleted = 0`,
      [now, now, id],
    );
  }
  await conn.run(
    `UPDATE image_locations SET status = ?, deleted = 1, deleted_at = ?, updated_at = ?
     WHERE image_id = ? AND +deleted = 0`,
    [to, now, now, id],
  );
  await conn.run("DELETE FROM oneglance_deletions WHERE image_id = ?", [id]);
  const image: ImageRecord = { ...before, status: to, deleted: true, deleted_at: now, updated_at: now };
  await emitImage(conn, "image.delete", image);
  return { outcome: "done", image };
}
