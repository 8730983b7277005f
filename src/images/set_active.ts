/** POST /v2/images/{id}/actions/deactivate and reactivate (docs/reference/images-api.md §2.12). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner, requireWriter } from "../policy/owner.ts";
import { findImage } from "./find.ts";

const CHANGES = {
  deactivate: { from: "active", to: "deactivated" },
  reactivate: { from: "deactivated", to: "active" },
} as const;

/** Does nothing when it is so already. Errors: not_found, forbidden. */
export async function setActive(ctx: Ctx, id: string, action: keyof typeof CHANGES): Promise<void> {
  requireWriter(ctx.caller);
  const image = await findImage(ctx, id);
  await authorizeImage(ctx.deps.policy, action, ctx.caller, image);
  const { from, to } = CHANGES[action];
  if (image.status === to) return;
  requireOwner(ctx.caller, image);
  const result = await ctx.deps.db.write.images.transition({ id, from: [from], to, limit: null });
  if (result.outcome === "gone") fail("not_found", `No image found with ID ${id}`);
  if (result.outcome === "status" && result.status !== to) {
    fail("forbidden", `Not allowed to ${action} image in status '${result.status}'`);
  }
}
