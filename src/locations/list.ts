/** GET /v2/images/{id}/locations (spec/images-api.md §2.10.1). */
import type { Ctx } from "../deps.ts";
import { findImage } from "../images/find.ts";
import { authorizeImage } from "../policy/authorize.ts";

/** Where the data lies, whatever show_multiple_locations says. Errors: not_found, forbidden. */
export async function listLocations(ctx: Ctx, imageId: string) {
  const image = await findImage(ctx, imageId);
  await authorizeImage(ctx.deps.policy, "fetch_image_location", ctx.caller, image);
  return ctx.deps.stores.order(image.locations).map(({ url, metadata }) => ({ url, metadata }));
}
