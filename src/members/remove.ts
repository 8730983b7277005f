/** DELETE /v2/images/{id}/members/{member} (spec/images-api.md §2.13). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeMember } from "../policy/authorize.ts";
import { checkLegacyMembers } from "../policy/owner.ts";
import { requireWriter } from "../policy/read_only.ts";
import { sharedImage, visibleMembers } from "./shared_image.ts";

/** Errors: not_found, forbidden. */
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
