/** Checks of ownership that no rule replaces, and those of legacy mode (spec/policy.md §7). */
import type { ImageRecord } from "../../db/records.ts";
import type { Caller } from "../caller.ts";
import { fail } from "../errors.ts";
import type { Enforcer } from "./enforcer.ts";

/**
 * Whether the image is the caller's to change: its owner is the caller's project, or the caller is an administrator.
 * An image without owner is an administrator's alone.
 */
export function ownsImage(caller: Caller, image: Pick<ImageRecord, "owner">): boolean {
  return caller.isAdmin || (image.owner !== null && image.owner === caller.projectId);
}

/**
 * Comes before every write to an image, whatever policy allows: `""` in an old policy file opens a rule to everyone,
 * and upstream's database layer refuses all the same. A copy to other stores is the one write without it.
 * @throws GlanceError `forbidden`
 */
export function requireOwner(caller: Caller, image: Pick<ImageRecord, "owner">): void {
  if (!ownsImage(caller, image)) fail("forbidden", "You do not own this image");
}

/** Rules that go to the owner of the image alone. Stage, import and tags are `modify_image`. */
const OWNER_ONLY: ReadonlySet<string> = new Set([
  "modify_image",
  "delete_image",
  "upload_image",
  "deactivate",
  "reactivate",
  "delete_image_location",
]);

/**
 * The check of legacy mode, `enforce_new_defaults = false`, right after the rule was passed: earlier than
 * `requireOwner`.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyOwner(enforcer: Enforcer, rule: string, caller: Caller, image: ImageRecord): void {
  if (!enforcer.legacyOwnerChecks || caller.isAdmin) return;
  if (OWNER_ONLY.has(rule)) requireOwner(caller, image);
}

/**
 * The check of legacy mode before any rule about members: the owner says who they are, and they say whether they take
 * the image.
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
 * The check of legacy mode after `add_image` was passed: nobody creates for another.
 * @throws GlanceError `forbidden`
 */
export function checkLegacyCreate(enforcer: Enforcer, caller: Caller, owner: unknown): void {
  if (!enforcer.legacyOwnerChecks || caller.isAdmin) return;
  if (owner !== caller.projectId) refuseOwner(owner);
}

/** Refuses an image that would belong to another; API tests look for this text. */
export function refuseOwner(owner: unknown): never {
  fail("forbidden", `You are not permitted to create images owned by '${owner}'.`, { form: "detail" });
}
