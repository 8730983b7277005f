/** The image behind every call about its members (spec/images-api.md §2.13). */
import type { ImageRecord, MemberRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { findImage } from "../images/find.ts";
import { ownsImage } from "../policy/owner.ts";

/** The image, which must be shared. Errors: not_found, forbidden with `refusal`. */
export async function sharedImage(ctx: Ctx, imageId: string, refusal: string): Promise<ImageRecord> {
  const image = await findImage(ctx, imageId, `Image ${imageId} not found.`);
  if (image.visibility !== "shared") fail("forbidden", refusal);
  return image;
}

/** Members that the caller may know of: all for the owner and an administrator, else its own. */
export async function visibleMembers(ctx: Ctx, image: ImageRecord, member?: string): Promise<MemberRecord[]> {
  const { caller, deps } = ctx;
  const members = await deps.db.read.members.list({
    imageId: image.id,
    ...(member === undefined ? {} : { member }),
  });
  if (ownsImage(caller, image)) return members;
  return members.filter((one) => one.member === caller.projectId);
}
