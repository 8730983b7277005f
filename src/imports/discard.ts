/** Data that an import has written and that will be no image's. */
import type { Deps } from "../deps.ts";
import type { Store } from "../stores/store.ts";

/**
 * Takes it out of those stores in which the image has no location. Where the image is gone and its deletion is
 * delayed, what it had belongs to the scrubber. Errors: those of stores and database.
 */
export async function discardFrom(
  { db, stores }: Pick<Deps, "db" | "stores">,
  imageId: string,
  from: readonly Store[],
): Promise<void> {
  const image = await db.read.image({ id: imageId, viewer: { isAdmin: true, projectId: null } });
  const locations = image?.locations ?? await db.read.delayedLocations({ imageId });
  const kept = locations.map((location) => stores.forLocation(location));
  for (const store of from) {
    if (!kept.includes(store)) await store.discard(imageId);
  }
}
