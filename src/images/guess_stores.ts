/** Gives locations the id of the store that serves them (docs/reference/images-api.md §3.8, docs/reference/stores.md §10). */
import type { ImageRecord, LocationRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { getLog } from "../observe/log.ts";
import { schemeOrNull, storeIdOf } from "../stores/store.ts";

const log = getLog("oneglance.images.stores");

/** In multi-store mode, when the owner or an administrator looks: missing ids are guessed by URL and saved. */
export async function guessStores(ctx: Ctx, image: ImageRecord): Promise<ImageRecord> {
  const { stores, db } = ctx.deps;
  if (!stores.multi || !(ctx.caller.isAdmin || image.owner === ctx.caller.projectId)) return image;
  if (image.locations.every(({ metadata }) => knows(ctx, metadata))) return image;
  const locations: LocationRecord[] = [];
  for (const location of image.locations) {
    const named = withStore(ctx, location);
    locations.push(named);
    if (named === location) continue;
    await db.write.locations.setMetadata({ id: image.id, locationId: location.id, metadata: named.metadata });
  }
  return { ...image, locations };
}

function knows(ctx: Ctx, metadata: Record<string, unknown>): boolean {
  return typeof metadata.store === "string" && ctx.deps.stores.byId(metadata.store) !== null;
}

function withStore(ctx: Ctx, location: LocationRecord): LocationRecord {
  const metadata = metadataWithStore(ctx, location);
  if (metadata !== location.metadata) return { ...location, metadata };
  if (!knows(ctx, metadata)) log.warn(`location ${location.id} belongs to no configured store`);
  return location;
}

/** The metadata with the id of the store that serves the URL; what it is when it names a store, or none serves it. */
export function metadataWithStore(
  ctx: Ctx,
  location: Pick<LocationRecord, "url" | "metadata">,
): Record<string, unknown> {
  const { backend, ...metadata } = location.metadata;
  if (knows(ctx, metadata)) return location.metadata;
  const { stores } = ctx.deps;
  // `backend` is what releases before Train called it.
  const old = typeof backend === "string" ? stores.byId(backend) : null;
  const store = old ?? stores.guess(location.url);
  return store ? { ...metadata, store: store.id } : location.metadata;
}

/**
 * The metadata of a location that a caller gives, with the id of the store that serves its URL, whatever store the
 * caller names; of several that serve the scheme the caller's choice holds. Unchanged when none serves it.
 */
export function metadataOfGiven(
  ctx: Ctx,
  { url, metadata }: Pick<LocationRecord, "url" | "metadata">,
): Record<string, unknown> {
  const { stores } = ctx.deps;
  if (!stores.multi) return metadata;
  const named = stores.byId(storeIdOf(metadata) ?? "");
  const store = named?.schemes.includes(schemeOrNull(url) ?? "") ? named : stores.guess(url);
  if (!store) return metadata;
  const { backend: _, ...rest } = metadata;
  return { ...rest, store: store.id };
}
