/** The tags of an image (docs/reference/images-api.md §2.13). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { refuseBeyondBmp } from "../images/attributes.ts";
import { findImage } from "../images/find.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner, requireWriter } from "../policy/owner.ts";
import { limitText } from "../quota/quota.ts";

/**
 * PUT /v2/images/{id}/tags/{tag} (docs/reference/images-api.md §2.13). Errors: bad_request, not_found, forbidden, too_large.
 */
export async function addTag(ctx: Ctx, imageId: string, tag: string): Promise<void> {
  const { deps, caller } = ctx;
  if ([...tag].length > 255) {
    fail("bad_request", `Provided object does not match schema 'image': '${tag.slice(0, 40)}…' is too long`);
  }
  refuseBeyondBmp("tag", tag);
  requireWriter(caller);
  const image = await findImage(ctx, imageId, `Image ${imageId} not found.`);
  await authorizeImage(deps.policy, "modify_image", caller, image);
  requireOwner(caller, image);
  const quota = deps.config.get("DEFAULT.image_tag_quota");
  const result = await deps.db.write.tags.add({ id: imageId, tag, quota });
  if (result.outcome === "gone") fail("not_found", `Image ${imageId} not found.`);
  if (result.outcome === "full") {
    const text = limitText("image tags", result.attempted, quota);
    fail("too_large", `Image tag limit exceeded for image ${imageId}: ${text}`);
  }
}

/** DELETE /v2/images/{id}/tags/{tag} (docs/reference/images-api.md §2.13). Errors: not_found, forbidden. */
export async function removeTag(ctx: Ctx, imageId: string, tag: string): Promise<void> {
  requireWriter(ctx.caller);
  const image = await findImage(ctx, imageId, `Image ${imageId} not found.`);
  await authorizeImage(ctx.deps.policy, "modify_image", ctx.caller, image);
  if (!image.tags.includes(tag)) fail("not_found");
  requireOwner(ctx.caller, image);
  const result = await ctx.deps.db.write.tags.remove({ id: imageId, tag });
  if (result === "gone") fail("not_found", `Image ${imageId} not found.`);
  if (result === "absent") fail("not_found");
}
