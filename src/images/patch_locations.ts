/** `locations` in a PATCH document (spec/images-api.md §5.6). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeImage } from "../policy/authorize.ts";
import type { Draft } from "./draft.ts";
import type { Operation } from "./operations.ts";

const VERBS = { add: "add", replace: "update", remove: "remove" } as const;

/** Errors: forbidden, not_found. */
export async function patchLocations(ctx: Ctx, draft: Draft, { op, value }: Operation): Promise<void> {
  if (op === "replace" && (value as unknown[]).length === 0) {
    fail("forbidden", "Cannot set locations to empty list.", { form: "detail" });
  }
  const rule = op === "remove" ? "delete_image_location" : "set_image_location";
  await authorizeImage(ctx.deps.policy, rule, ctx.caller, draft.image);
  fail("forbidden", `It's not allowed to ${VERBS[op]} locations if locations are invisible.`);
}
