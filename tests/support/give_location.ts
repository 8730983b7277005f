import type { Database } from "../../db/database.ts";
import type { ImageRecord } from "../../db/records.ts";

/** Adds a location row to an image in any state, which no request can do. Returns null when the image does not exist. */
export function giveLocation(
  db: Database,
  { id, url, metadata }: { id: string; url: string; metadata: Record<string, unknown> },
): Promise<ImageRecord | null> {
  const from = ["queued", "saving", "uploading", "importing", "active", "deactivated", "killed"] as const;
  const add = [{ url, metadata }];
  return db.write.images.change({
    id,
    locations: { from: [...from], activate: false, add, drop: [], metadata: [] },
  });
}

/** Replaces the metadata of the location in a store, for example by what Glance before Train wrote. */
export async function ageLocation(
  db: Database,
  { id, store, metadata }: { id: string; store: string; metadata: Record<string, unknown> },
): Promise<void> {
  const image = await db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } });
  const { id: locationId } = image!.locations.find((each) => each.metadata.store === store)!;
  await db.write.locations.setMetadata({ id, locationId, metadata });
}
