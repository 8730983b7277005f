/** The fixed checks of ownership in legacy mode, `enforce_new_defaults = false` (spec/policy.md §7). */
import type { ImageRecord } from "../../db/records.ts";
import type { Caller } from "../caller.ts";
import { fail } from "../errors.ts";

/** Whether the fixed checks are on: a `PolicyEnforcer` is one. */
export interface LegacyMode {
  readonly legacyOwnerChecks: boolean;
}

/**
 * Modify, delete, upload, stage, deactivate, reactivate, delete a location; add and remove a member: only for the
 * owner of the image.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyOwner(mode: LegacyMode, caller: Caller, image: ImageRecord): void {
  if (!mode.legacyOwnerChecks || caller.isAdmin) return;
  if (image.owner === null || image.owner !== caller.projectId) {
    fail("forbidden", "You do not own this image");
  }
}

/**
 * Create: only for oneself.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyCreate(mode: LegacyMode, caller: Caller, owner: string | null): void {
  if (!mode.legacyOwnerChecks || caller.isAdmin) return;
  if (owner === null || owner !== caller.projectId) {
    fail("forbidden", `You are not permitted to create images owned by '${owner}'.`, { form: "detail" });
  }
}

/**
 * The status of a member is not the image owner's to set.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyMemberStatus(mode: LegacyMode, caller: Caller, image: ImageRecord): void {
  if (!mode.legacyOwnerChecks || caller.isAdmin) return;
  if (image.owner === caller.projectId) {
    fail("forbidden", "You are not permitted to update the status of this member.");
  }
}
