/** The fixed checks of ownership in legacy mode, `enforce_new_defaults = false` (spec/policy.md §7). */
import type { ImageRecord } from "../../db/records.ts";
import type { Caller } from "../caller.ts";
import { fail } from "../errors.ts";
import type { Enforcer } from "./enforcer.ts";

/** Rules that go to the owner of the image alone. Stage, import and tags are `modify_image`. */
const OWNER_ONLY: ReadonlySet<string> = new Set([
  "modify_image",
  "delete_image",
  "upload_image",
  "deactivate",
  "reactivate",
  "delete_image_location",
  "add_member",
  "delete_member",
]);

/**
 * Comes after the rule was passed. The status of a member (`modify_member`) is not for the owner to set.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyOwner(enforcer: Enforcer, rule: string, caller: Caller, image: ImageRecord): void {
  if (!enforcer.legacyOwnerChecks || caller.isAdmin) return;
  const owns = image.owner !== null && image.owner === caller.projectId;
  if (OWNER_ONLY.has(rule) && !owns) fail("forbidden", "You do not own this image");
  if (rule === "modify_member" && owns) {
    fail("forbidden", "The owner of an image does not set the status of its members");
  }
}

/**
 * Comes after `add_image` was passed: nobody creates for another.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyCreate(enforcer: Enforcer, caller: Caller, owner: unknown): void {
  if (!enforcer.legacyOwnerChecks || caller.isAdmin) return;
  if (owner === null || owner !== caller.projectId) refuseOwner(owner);
}

/** Refuses an image that would belong to another; API tests look for this text. */
export function refuseOwner(owner: unknown): never {
  fail("forbidden", `You are not permitted to create images owned by '${owner}'.`, { form: "detail" });
}
