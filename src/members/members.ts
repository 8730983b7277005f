/** The members of a shared image (docs/reference/images-api.md §2.13). */
import type { ImageRecord, MemberRecord, MemberStatus } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeMember } from "../policy/authorize.ts";
import { imageTarget } from "../policy/targets.ts";
import { fail, isError } from "../errors.ts";
import { refuseBeyondBmp } from "../images/attributes.ts";
import { checkLegacyMembers, ownsImage, requireWriter } from "../policy/owner.ts";
import { limitText } from "../quota/quota.ts";
import { findImage } from "../images/find.ts";

/** GET /v2/images/{id}/members (docs/reference/images-api.md §2.13). Errors: not_found, forbidden. */
export async function listMembers(ctx: Ctx, imageId: string): Promise<MemberRecord[]> {
  const image = await sharedImage(ctx, imageId, "Only shared images have members.");
  const { policy } = ctx.deps;
  await authorizeMember(policy, "get_members", ctx.caller, image);
  if (!await policy.allows("get_member", ctx.caller, imageTarget(image, ctx.caller))) return [];
  return await visibleMembers(ctx, image);
}

/** POST /v2/images/{id}/members (docs/reference/images-api.md §2.13). Errors: not_found, forbidden, conflict, too_large. */
export async function addMember(ctx: Ctx, imageId: string, member: string): Promise<MemberRecord> {
  const { deps, caller } = ctx;
  refuseBeyondBmp("member", member);
  requireWriter(caller);
  const image = await sharedImage(ctx, imageId, "Only shared images have members.");
  checkLegacyMembers(deps.policy, "add_member", caller, image);
  await authorizeMember(deps.policy, "add_member", caller, image);
  const quota = deps.config.get("DEFAULT.image_member_quota");
  const result = await deps.db.write.members.add({ imageId, member, quota });
  switch (result.outcome) {
    case "done":
      return result.member;
    case "gone":
      return fail("not_found", `Image ${imageId} not found.`);
    case "duplicate":
      return fail("conflict", `Member ${member} is duplicated for image ${imageId}`);
    case "full": {
      const text = limitText("image members for this image", result.attempted, quota);
      return fail("too_large", `Image member limit exceeded for image ${imageId}: ${text}`);
    }
  }
}

/** GET /v2/images/{id}/members/{member} (docs/reference/images-api.md §2.13): every refusal is 404. Errors: not_found. */
export async function showMember(ctx: Ctx, imageId: string, memberId: string): Promise<MemberRecord> {
  const missing = `${memberId} not found in the member list of the image ${imageId}.`;
  try {
    const image = await sharedImage(ctx, imageId, missing);
    await authorizeMember(ctx.deps.policy, "get_member", ctx.caller, image);
    const [member] = await visibleMembers(ctx, image, memberId);
    return member ?? fail("not_found", missing);
  } catch (error) {
    if (isError(error, "forbidden")) fail("not_found", missing);
    throw error;
  }
}

/**
 * PUT /v2/images/{id}/members/{member} (docs/reference/images-api.md §2.13): a project accepts or rejects the image. Errors:
 * not_found, forbidden.
 */
export async function updateMember(
  ctx: Ctx,
  imageId: string,
  memberId: string,
  status: MemberStatus,
): Promise<MemberRecord> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  const missing = `${memberId} not found in the member list of the image ${imageId}.`;
  const image = await sharedImage(ctx, imageId, "Only shared images have members.");
  checkLegacyMembers(deps.policy, "modify_member", caller, image);
  await authorizeMember(deps.policy, "get_member", caller, image);
  const [member] = await visibleMembers(ctx, image, memberId);
  if (!member) fail("not_found", missing);
  await authorizeMember(deps.policy, "modify_member", caller, image);
  return await deps.db.write.members.setStatus({ imageId, member: memberId, status }) ??
    fail("not_found", missing);
}

/** DELETE /v2/images/{id}/members/{member} (docs/reference/images-api.md §2.13). Errors: not_found, forbidden. */
export async function removeMember(ctx: Ctx, imageId: string, memberId: string): Promise<void> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  const missing = `${memberId} not found in the member list of the image ${imageId}.`;
  const image = await sharedImage(ctx, imageId, "Only shared images have members.");
  checkLegacyMembers(deps.policy, "delete_member", caller, image);
  await authorizeMember(deps.policy, "get_member", caller, image);
  const [member] = await visibleMembers(ctx, image, memberId);
  if (!member) fail("not_found", missing);
  await authorizeMember(deps.policy, "delete_member", caller, image);
  if (!await deps.db.write.members.remove({ imageId, member: memberId })) fail("not_found", missing);
}

/**
 * Returns the image, which must be shared. Errors: not_found, forbidden with `refusal`.
 */
async function sharedImage(ctx: Ctx, imageId: string, refusal: string): Promise<ImageRecord> {
  const image = await findImage(ctx, imageId, `Image ${imageId} not found.`);
  if (image.visibility !== "shared") fail("forbidden", refusal);
  return image;
}

/** Returns the members that the caller may see: all for the owner and administrators, else only its own. */
async function visibleMembers(ctx: Ctx, image: ImageRecord, member?: string): Promise<MemberRecord[]> {
  const { caller, deps } = ctx;
  const members = await deps.db.read.members.list({
    imageId: image.id,
    ...(member === undefined ? {} : { member }),
  });
  if (ownsImage(caller, image)) return members;
  return members.filter((one) => one.member === caller.projectId);
}
