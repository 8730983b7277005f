/** The second half of a deletion: the image is out of sight, its data goes, then its record (docs/reference/images-api.md §8.1). */
import type { ImageRecord, LocationRecord } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { removeData } from "./remove_data.ts";

const log = getLog("oneglance.images.delete");

type Parts = Pick<Deps, "db" | "stores">;

/**
 * Removes the data of an image whose deletion has begun under `token`, its record and what is staged of it. When a
 * store refuses, the image is as before, without the locations whose data has gone. Errors: those of `removeData`.
 */
export async function deleteData(deps: Parts, image: ImageRecord, token: string): Promise<void> {
  const gone: LocationRecord[] = [];
  try {
    for (const location of image.locations) {
      await removeData({ deps }, image, location);
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
    await removeData({ deps }, image, location).catch((error) =>
      log.error(`image ${image.id} is deleted, but data that came meanwhile stays in its store`, { error })
    );
  }
}

/** What this cannot remove, the next start does. Never throws. */
export async function removeStaged(
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
