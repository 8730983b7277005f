/** GET /v2/images/{id}/members/{member} (spec/images-api.md §2.13): every refusal is 404. */
import type { MemberRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { authorizeMember } from "../policy/authorize.ts";
import { sharedImage, visibleMembers } from "./shared_image.ts";

/** Errors: not_found. */
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
