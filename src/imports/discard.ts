/** Data that an import has written and that will be no image's. */
import type { Deps } from "../deps.ts";
import { prefixLength } from "../stores/location.ts";
import type { Store } from "../stores/store.ts";

type Parts = Pick<Deps, "db" | "stores">;

/**
 * Of `among`, the stores in which no location of the image names data, also none whose deletion is delayed: that
 * belongs to the scrubber. A store that shares its place with another counts as that. Errors: database.
 */
export async function storesWithout(
  { db, stores }: Parts,
  imageId: string,
  among: readonly Store[],
): Promise<Store[]> {
  const image = await db.read.images.show({ id: imageId, viewer: { isAdmin: true, projectId: null } });
  const locations = [...image?.locations ?? [], ...await db.read.locations.delayed({ imageId })];
  const covers = (store: Store, url: string) =>
    (store.urlPrefixes ?? [store.urlPrefix]).some((prefix) => prefixLength(url, prefix) > 0);
  return among.filter((store) =>
    !locations.some((location) => stores.forLocation(location) === store || covers(store, location.url))
  );
}

/** Takes it out of those stores in which no location names it. Errors: those of stores and database. */
export async function discardFrom(
  deps: Parts,
  imageId: string,
  from: readonly Store[],
): Promise<void> {
  for (const store of await storesWithout(deps, imageId, from)) await store.discard(imageId);
}
