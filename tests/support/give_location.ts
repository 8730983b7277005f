import type { Database } from "../../db/database.ts";
import type { ImageRecord } from "../../db/records.ts";

/** Adds a location row to an image in any state, as no request could; null when the image is gone. */
export function giveLocation(
  db: Database,
  { id, url, metadata }: { id: string; url: string; metadata: Record<string, unknown> },
): Promise<ImageRecord | null> {
  const from = ["queued", "saving", "uploading", "importing", "active", "deactivated", "killed"] as const;
  const add = [{ url, metadata }];
  return db.write.changeImage({
    id,
    locations: { from: [...from], activate: false, add, drop: [], metadata: [] },
  });
}
