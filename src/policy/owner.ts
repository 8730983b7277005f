/** Checks below policy: a caller who may write at all, ownership besides the rules, and those of legacy mode (docs/reference/policy.md §7). */
import type { ImageRecord } from "../../db/records.ts";
import type { Caller } from "../caller.ts";
import { fail } from "../errors.ts";
import type { Enforcer } from "./enforcer.ts";

/**
 * Whether the caller may change the image: its owner is the caller's project, or the caller is an administrator. Only
 * an administrator may change an image without owner.
 */
export function ownsImage(caller: Caller, image: Pick<ImageRecord, "owner">): boolean {
  return caller.isAdmin || (image.owner !== null && image.owner === caller.projectId);
}

/**
 * Called before every write to an image, whatever policy allows: `""` in an old policy file allows everyone, and
 * upstream's database layer still refuses. Only a copy to other stores does not call it.
 * @throws GlanceError `forbidden`
 */
export function requireOwner(caller: Caller, image: Pick<ImageRecord, "owner">): void {
  if (!ownsImage(caller, image)) fail("forbidden", "You do not own this image");
}

/** Rules for the owner of the image only. Stage, import and tags use `modify_image`. */
const OWNER_ONLY: ReadonlySet<string> = new Set([
  "modify_image",
  "delete_image",
  "upload_image",
  "deactivate",
  "reactivate",
  "delete_image_location",
]);

/**
 * The check of legacy mode, `enforce_new_defaults = false`: directly after the rule, before `requireOwner`.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyOwner(enforcer: Enforcer, rule: string, caller: Caller, image: ImageRecord): void {
  if (!enforcer.legacyOwnerChecks || caller.isAdmin) return;
  if (OWNER_ONLY.has(rule)) requireOwner(caller, image);
}

/**
 * The check of legacy mode before a rule about members: the owner chooses the members, and only a member sets its own
 * status.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyMembers(
  enforcer: Enforcer,
  rule: "add_member" | "delete_member" | "modify_member",
  caller: Caller,
  image: ImageRecord,
): void {
  if (!enforcer.legacyOwnerChecks || caller.isAdmin) return;
  if (rule !== "modify_member") requireOwner(caller, image);
  else if (ownsImage(caller, image)) {
    fail("forbidden", "The owner of an image does not set the status of its members");
  }
}

/**
 * The check of legacy mode after `add_image`: a caller creates images for its own project only.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyCreate(enforcer: Enforcer, caller: Caller, owner: unknown): void {
  if (!enforcer.legacyOwnerChecks || caller.isAdmin) return;
  if (owner !== caller.projectId) refuseOwner(owner);
}

/** Refuses an image for another owner; API tests of OpenStack expect this text. */
export function refuseOwner(owner: unknown): never {
  fail("forbidden", `You are not permitted to create images owned by '${owner}'.`, { form: "detail" });
}

/** Refuses a write of the anonymous caller. Errors: forbidden. */
export function requireWriter(caller: Caller): void {
  if (caller.readOnly) fail("forbidden", "Read-only access", { form: "detail" });
}
