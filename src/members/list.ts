/** GET /v2/images/{id}/members (spec/images-api.md §2.13). */
import type { MemberRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeMember } from "../policy/authorize.ts";
import { imageTarget } from "../policy/targets.ts";
import { sharedImage, visibleMembers } from "./shared_image.ts";

/** Errors: not_found, forbidden. */
export async function listMembers(ctx: Ctx, imageId: string): Promise<MemberRecord[]> {
  const image = await sharedImage(ctx, imageId, "Only shared images have members.");
  const { policy } = ctx.deps;
  await authorizeMember(policy, "get_members", ctx.caller, image);
  if (!await policy.allows("get_member", ctx.caller, imageTarget(image, ctx.caller))) return [];
  return await visibleMembers(ctx, image);
}
