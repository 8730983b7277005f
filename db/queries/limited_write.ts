/** Writes that keep a limit: judged and done in one transaction, so that no two pass it together. */
import type { WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { ImageRecord, OverLimit, TransitionResult, UsageLimit } from "../records.ts";
import { statusOf, transitionImage } from "./image_transition.ts";
import { createImage } from "./images_write.ts";
import { readUsed } from "./usage_read.ts";

/** `DatabaseWrites.createImageWithin`. */
export async function createImageWithin(
  conn: WriteConn,
  { image, limit }: Parameters<DatabaseWrites["createImageWithin"]>[0],
): Promise<{ outcome: "done"; image: ImageRecord } | OverLimit> {
  const over = await overLimit(conn, image.id, limit);
  return over ?? { outcome: "done", image: await createImage(conn, image) };
}

/** `DatabaseWrites.transitionImageWithin`. */
export async function transitionImageWithin(
  conn: WriteConn,
  { change, limit }: Parameters<DatabaseWrites["transitionImageWithin"]>[0],
): Promise<TransitionResult | OverLimit> {
  const over = await overLimit(conn, change.id, limit);
  if (over === null) return await transitionImage(conn, change);
  // That the image cannot change at all is said first.
  const found = await statusOf(conn, change.id);
  return found.outcome === "gone" || !change.from.includes(found.status) ? found : over;
}

async function overLimit(
  conn: WriteConn,
  exceptImage: string,
  limit: UsageLimit | null,
): Promise<OverLimit | null> {
  if (limit === null) return null;
  const used = await readUsed(conn, { ...limit, exceptImage });
  return used + limit.add > limit.max ? { outcome: "over", used } : null;
}
