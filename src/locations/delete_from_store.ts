/** DELETE /v2/stores/{store}/{image} (docs/reference/images-api.md §2.11). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { findImage } from "../images/find.ts";
import { removeCopies } from "../images/delete.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner, requireWriter } from "../policy/owner.ts";

/** Takes the copy out of one store. Errors: not_found, conflict, forbidden, internal. */
export async function deleteFromStore(ctx: Ctx, storeId: string, imageId: string): Promise<void> {
  const { deps, caller } = ctx;
  if (!deps.stores.multi) fail("not_found", "Multi backend is not supported at this site.");
  if (!deps.stores.byId(storeId)) {
    fail("conflict", `The selected store ${storeId} is not available on this node.`);
  }
  requireWriter(caller);
  const image = await findImage(ctx, imageId, `Failed to find image ${imageId}`);
  await authorizeImage(deps.policy, "get_image_location", caller, image);
  await authorizeImage(deps.policy, "delete_image_location", caller, image);
  if (image.status !== "active") {
    fail("conflict", `It's not allowed to remove image data from store if image status is not 'active'`);
  }
  if (image.locations.length === 1) {
    fail("forbidden", "Cannot delete image data from the only store containing it.");
  }
  const location = image.locations.find((each) => deps.stores.forLocation(each)?.id === storeId) ??
    fail("not_found", `Image ${imageId} is not stored in store ${storeId}.`);
  requireOwner(caller, image);
  await removeCopies(
    ctx,
    image,
    { locations: [location], added: 0 },
    async (to) =>
      await deps.db.write.locations.drop({ id: imageId, locationId: location.id, to }) ??
        fail("not_found", `Failed to find image ${imageId}`),
  );
}
