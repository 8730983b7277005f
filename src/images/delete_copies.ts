/** The second half of removing some copies of an image: their data goes, then their record (docs/reference/images-api.md §5.6). */
import type { ImageRecord } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { getLog } from "../observe/log.ts";
import { removeData } from "./remove_data.ts";

const log = getLog("oneglance.images.delete");

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
      await removeData({ deps: { stores }, what: "The data for Image" }, image, location);
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
