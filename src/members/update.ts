/** PUT /v2/images/{id}/members/{member} (spec/images-api.md §2.13): what a project says to the offer. */
import type { MemberRecord, MemberStatus } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeMember } from "../policy/authorize.ts";
import { checkLegacyMembers } from "../policy/owner.ts";
import { requireWriter } from "../policy/read_only.ts";
import { sharedImage, visibleMembers } from "./shared_image.ts";

/** Errors: not_found, forbidden. */
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
