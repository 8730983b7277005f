/** Takes the bytes of one location out of their store (docs/reference/images-api.md §8.1, step 8). */
import type { ImageRecord, LocationRecord } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { fail, GlanceError, isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";

const log = getLog("oneglance.images.delete");

/**
 * Deletes one location's data; data that is already gone, or that cannot be deleted, is not an error. `what`, with the image's id
 * behind it, is the subject of the refusals. Errors: conflict, forbidden, unavailable, internal.
 */
export async function removeData(
  { deps, what = "Image" }: { deps: Pick<Deps, "stores">; what?: "Image" | "The data for Image" },
  image: ImageRecord,
  location: LocationRecord,
): Promise<void> {
  const store = deps.stores.forLocation(location);
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
