/**
 * Deletion of an image, DELETE /v2/images/{id} (docs/reference/images-api.md §8), and of some of its copies (§2.11,
 * §5.6). Both have two halves: a write takes them out of sight and stores a lease; then data goes, and their record.
 */
import type { ImageRecord, LocationRecord } from "../../db/records.ts";
import type { Ctx, Deps } from "../deps.ts";
import type { Stores } from "../stores/store.ts";
import { fail, GlanceError, isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { ownsImage, requireWriter } from "../policy/owner.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";
import { findImage } from "./find.ts";
import { askPeer, type Incoming, peerOf } from "./peer.ts";

const log = getLog("oneglance.images.delete");

/**
 * Takes the image out of sight, deletes its data, then its record; a store that refuses brings it back. With
 * delayed_delete it is only marked. Errors: not_found, forbidden, conflict, internal; those of `askPeer`.
 */
export async function deleteImage(ctx: Ctx, id: string, asked: Incoming): Promise<void> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  const message = `Failed to find image ${id} to delete`;
  const image = await findImage(ctx, id, message);
  await authorizeImage(deps.policy, "delete_image", caller, image);
  if (image.protected) fail("forbidden", `Image ${id} is protected and cannot be deleted.`);
  if (!ownsImage(caller, image)) fail("not_found", message);
  if (await isDeletedByPeer(ctx, image, asked)) return;
  deps.background.cancel(image.id);
  if (deps.config.get("DEFAULT.delayed_delete") && image.locations.length > 0) {
    const done = await deps.db.write.images.delete({ id: image.id, to: "pending_delete" });
    if (done.outcome !== "done") fail("not_found", message);
    return await removeStaged(deps, image);
  }
  const held = deps.leases.enter("deletion", image.id);
  try {
    const begun = await deps.db.write.deletions.begin({ id: image.id, by: held.lease });
    if (begun.outcome === "gone") fail("not_found", message);
    await deleteData(deps, begun.image, held.token);
  } finally {
    held.end();
  }
}

/** Whether the worker that has the staged data has deleted the image; one that cannot be reached is not waited for. */
async function isDeletedByPeer(ctx: Ctx, image: ImageRecord, asked: Incoming): Promise<boolean> {
  const peer = peerOf(ctx.deps.config, image, [IMAGE_PROPERTY.stageHost, IMAGE_PROPERTY.hashHost]);
  if (peer === null || asked.forwarded) return false;
  try {
    await askPeer(ctx, peer, asked);
    return true;
  } catch (error) {
    if (!isError(error, "bad_gateway", "gateway_timeout")) throw error;
    log.warn(`worker ${peer} cannot be reached; image ${image.id} is deleted here`, { error });
    return false;
  }
}

type Parts = Pick<Deps, "db" | "stores">;

/**
 * Removes the data of an image whose deletion has begun under `token`, its record and what is staged of it. When a
 * store refuses, the image is as before, without the locations whose data has gone. Errors: those of `removeData`.
 */
export async function deleteData(deps: Parts, image: ImageRecord, token: string): Promise<void> {
  const gone: LocationRecord[] = [];
  try {
    for (const location of image.locations) {
      await removeData(deps.stores, image, location);
      gone.push(location);
    }
  } catch (error) {
    // Where the database does not answer, the lease stays and the deletion is tried again later.
    await deps.db.write.deletions.cancel({ token, dropLocationIds: gone.map(({ id }) => id) })
      .catch((cause) => log.error(`image ${image.id} could not be brought back yet`, { error: cause }));
    throw error;
  }
  const done = await deps.db.write.images.delete({ id: image.id, to: "deleted" });
  await removeStaged(deps, image);
  // Somebody registered a location between the look-up and the deletion.
  const late = done.outcome === "done" ? done.image.locations : [];
  for (const location of late.filter(({ id }) => !gone.some((each) => each.id === id))) {
    await removeData(deps.stores, image, location).catch((error) =>
      log.error(`image ${image.id} is deleted, but data that came meanwhile stays in its store`, { error })
    );
  }
}

/** What this cannot remove, the next start does. Never throws. */
async function removeStaged(
  { stores: { staging } }: Pick<Deps, "stores">,
  image: ImageRecord,
): Promise<void> {
  if (image.status !== "uploading" && image.status !== "importing") return;
  try {
    await staging.delete(`${staging.urlPrefix}/${image.id}`);
  } catch (error) {
    if (!isError(error, "store_not_found")) {
      log.warn(`staged data of image ${image.id} could not be removed`, { error });
    }
  }
}

/** Which copies go: locations of the image whose deletion has begun under `token`. */
export interface Copies {
  token: string;
  locationIds: readonly number[];
}

/**
 * Removes the data, calls `record`, and ends the deletion. When a store refuses, or `record` fails, the image is as
 * before without the locations whose data has gone, unless none were left. Errors: those of `removeData` and `record`.
 */
export async function deleteCopies<T>(
  { db, stores }: Pick<Deps, "db" | "stores">,
  image: ImageRecord,
  { token, locationIds }: Copies,
  record: () => Promise<T>,
): Promise<T> {
  const gone: number[] = [];
  try {
    for (const location of image.locations.filter(({ id }) => locationIds.includes(id))) {
      await removeData(stores, image, location, "The data for Image");
      gone.push(location.id);
    }
    return await record();
  } finally {
    const dropLocationIds = gone.length < image.locations.length ? gone : [];
    await db.write.deletions.cancel({ token, dropLocationIds }).catch((error) => {
      log.error(`the copies of image ${image.id} cannot be released yet`, { error });
    });
  }
}

/**
 * Deletes one location's data; data that is already gone, or that cannot be deleted, is not an error. `what`, with the image's id
 * behind it, is the subject of the refusals. Errors: conflict, forbidden, unavailable, internal.
 */
async function removeData(
  stores: Stores,
  image: ImageRecord,
  location: LocationRecord,
  what: "Image" | "The data for Image" = "Image",
): Promise<void> {
  const store = stores.forLocation(location);
  if (!store) {
    log.warn(`location ${location.id} of image ${image.id} belongs to no configured store: its data stays`);
    return;
  }
  try {
    await store.delete(location.url);
  } catch (error) {
    if (isError(error, "store_not_found", "store_delete_not_supported", "store_bad_uri")) {
      log.warn(`data of image ${image.id} was not deleted: ${error.message}`);
    } else if (isError(error, "store_in_use", "store_has_snapshot")) {
      fail("conflict", `Image ${image.id} could not be deleted because it is in use: ${error.message}`, {
        cause: error,
      });
    } else if (isError(error, "store_timeout")) {
      const why = `the filesystem store operation timed out: ${error.message}`;
      fail("unavailable", `${what} ${image.id} could not be deleted because ${why}`, { cause: error });
    } else if (isError(error, "store_gone")) {
      const why = "its store is away: try again when the store is back";
      fail("unavailable", `${what} ${image.id} could not be deleted because ${why}.`, { cause: error });
    } else if (isError(error, "store_forbidden")) {
      fail("forbidden", error.message, { cause: error });
    } else {
      throw new GlanceError(
        "internal",
        `The data of image ${image.id} could not be deleted; the image stays.`,
        {
          cause: error,
        },
      );
    }
  }
}

interface Removal {
  locations: readonly LocationRecord[];
  /** Locations that come in their place. */
  added: number;
}

/**
 * Removes the data, unless its deletion is delayed, then records it; meanwhile no other request removes a copy.
 * Errors: not_found, forbidden for the last copy, conflict, those of `deleteCopies`.
 */
export async function removeCopies<T>(
  ctx: Ctx,
  image: ImageRecord,
  { locations, added }: Removal,
  record: (to: "deleted" | "pending_delete") => Promise<T>,
): Promise<T> {
  const { db, config, leases } = ctx.deps;
  const delayed = config.get("DEFAULT.delayed_delete");
  const held = leases.enter("deletion", image.id);
  try {
    const locationIds = locations.map(({ id }) => id);
    const begun = await db.write.deletions.beginCopies({
      id: image.id,
      by: held.lease,
      locationIds,
      added,
      delayed,
    });
    if (begun !== "done") refuse(image.id, begun);
    const now = { token: held.token, locationIds: delayed ? [] : locationIds };
    return await deleteCopies(ctx.deps, image, now, () => record(delayed ? "pending_delete" : "deleted"));
  } finally {
    held.end();
  }
}

function refuse(id: string, why: "busy" | "changed" | "last" | "gone"): never {
  if (why === "gone") fail("not_found", `Failed to find image ${id}`);
  if (why === "last") fail("forbidden", "Cannot delete image data from the only store containing it.");
  return fail("conflict", `Copies of image ${id} are being removed by another request.`);
}

/** Between two looks, and at most, in ms. */
const LOOK = 100;
const PATIENCE = 60_000;

/**
 * Waits until no deletion of the image is in progress, because a store that refuses makes the image reappear (§8.1).
 * Errors: unavailable when one takes too long; database.
 */
export async function deletionEnded({ db }: Pick<Deps, "db">, imageId: string): Promise<void> {
  const end = Date.now() + PATIENCE;
  while ((await db.read.deletions.list()).some(({ image_id }) => image_id === imageId)) {
    if (Date.now() > end) fail("unavailable", `The deletion of image ${imageId} does not end.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}
