/** DELETE /v2/images/{id}/tags/{tag} (spec/images-api.md §2.13). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { findImage } from "../images/find.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner } from "../policy/owner.ts";
import { requireWriter } from "../policy/read_only.ts";

/** Errors: not_found, forbidden. */
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
