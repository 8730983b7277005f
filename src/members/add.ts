/** POST /v2/images/{id}/members (spec/images-api.md §2.13). */
import type { MemberRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { refuseBeyondBmp } from "../images/attributes.ts";
import { authorizeMember } from "../policy/authorize.ts";
import { checkLegacyMembers } from "../policy/owner.ts";
import { requireWriter } from "../policy/read_only.ts";
import { limitText } from "../quota/counts.ts";
import { sharedImage } from "./shared_image.ts";

/** Errors: not_found, forbidden, conflict, too_large. */
export async function addMember(ctx: Ctx, imageId: string, member: string): Promise<MemberRecord> {
  const { deps, caller } = ctx;
  refuseBeyondBmp(member);
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
