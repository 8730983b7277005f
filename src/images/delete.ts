/** DELETE /v2/images/{id} (spec/images-api.md §8). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireWriter } from "../policy/read_only.ts";
import { findImage } from "./find.ts";
import { removeData } from "./remove_data.ts";

const log = getLog("oneglance.images.delete");

/** Deletes the data, then the record; with delayed_delete only marks both. Errors: not_found, forbidden, conflict, internal. */
export async function deleteImage(ctx: Ctx, id: string): Promise<void> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  const message = `Failed to find image ${id} to delete`;
  const image = await findImage(ctx, id, message);
  await authorizeImage(deps.policy, "delete_image", caller, image);
  if (image.protected) fail("forbidden", `Image ${id} is protected and cannot be deleted.`);
  deps.background.cancel(id);
  await removeStaged(ctx, image);
  const delayed = deps.config.get("DEFAULT.delayed_delete") && image.locations.length > 0;
  if (delayed) {
    const done = await deps.db.write.deleteImage({ id, to: "pending_delete" });
    if (done.outcome !== "done") fail("not_found", message);
    return;
  }
  for (const location of image.locations) await removeData(ctx, image, location);
  const done = await deps.db.write.deleteImage({ id, to: "deleted" });
  if (done.outcome !== "done") fail("not_found", message);
  // An upload or import that ended between the look-up and the deletion left locations we have not seen.
  const known = new Set(image.locations.map((location) => location.id));
  for (const location of done.image.locations) {
    if (known.has(location.id)) continue;
    await removeData(ctx, image, location).catch((error) =>
      log.error(`image ${id} is deleted, but data that came meanwhile stays in its store`, { error })
    );
  }
}

async function removeStaged(ctx: Ctx, image: ImageRecord): Promise<void> {
  if (image.status !== "uploading" && image.status !== "importing") return;
  const { staging } = ctx.deps.stores;
  try {
    await staging.delete(`${staging.urlPrefix}/${image.id}`);
  } catch (error) {
    if (!isError(error, "store_not_found")) {
      log.warn(`staged data of image ${image.id} could not be removed`, { error });
    }
  }
}
