/**
 * Refusals by policy, and whether they are 403 or 404 (docs/reference/policy.md §6). Functions return a promise only for rules
 * with an `http:` check. Checks of a caller are named `authorize…`: the lint rule of `tools/lint_plugin.ts` refuses
 * calls of that name that are not awaited.
 */
import type { ImageRecord } from "../../db/records.ts";
import type { Caller } from "../caller.ts";
import { fail } from "../errors.ts";
import type { Enforcer, PolicyTarget } from "./enforcer.ts";
import { checkLegacyCreate, checkLegacyOwner, refuseOwner } from "./owner.ts";
import { imageTarget, newImageTarget } from "./targets.ts";

/** Rules whose refusal never hides the image. */
const PLAIN = new Set(["publicize_image", "communitize_image"]);

/** @throws GlanceError `forbidden` when the caller does not pass the rule. */
export function authorize(
  enforcer: Enforcer,
  rule: string,
  caller: Caller,
  target: PolicyTarget,
): void | Promise<void> {
  return authorizeBy(enforcer.allows(rule, caller, target), (allowed) => allowed ? undefined : refuse(rule));
}

/**
 * Checks a rule on an object that may be hidden from the caller: a caller who does not pass `gate` either gets
 * `not_found`. A permitted call does not check the gate.
 * @throws GlanceError `not_found` or `forbidden`.
 */
function authorizeBehind(
  enforcer: Enforcer,
  gate: string,
  rule: string,
  caller: Caller,
  target: PolicyTarget,
): void | Promise<void> {
  return authorizeBy(enforcer.allows(rule, caller, target), (allowed) => {
    if (allowed) return;
    if (rule === gate) fail("not_found");
    return authorizeBy(
      enforcer.allows(gate, caller, target),
      (known) => known ? refuse(rule) : fail("not_found"),
    );
  });
}

/**
 * Checks a rule on an existing image. `publicize_image` and `communitize_image` are refused with 403 in any case.
 * @throws GlanceError `not_found` (generic text) or `forbidden`.
 */
export function authorizeImage(
  enforcer: Enforcer,
  rule: string,
  caller: Caller,
  image: ImageRecord,
): void | Promise<void> {
  const target = imageTarget(image, caller);
  if (PLAIN.has(rule)) return authorize(enforcer, rule, caller, target);
  return authorizeAfter(
    authorizeBehind(enforcer, "get_image", rule, caller, target),
    () => checkLegacyOwner(enforcer, rule, caller, image),
  );
}

/**
 * Checks a rule of image members: `get_image` comes first.
 * @throws GlanceError `not_found` when the image may not be seen, then `forbidden`.
 */
export function authorizeMember(
  enforcer: Enforcer,
  rule: string,
  caller: Caller,
  image: ImageRecord,
): void | Promise<void> {
  const target = imageTarget(image, caller);
  return authorizeBy(enforcer.allows("get_image", caller, target), (known) => {
    if (!known) fail("not_found");
    return authorize(enforcer, rule, caller, target);
  });
}

/**
 * Checks a rule of metadata definitions, with `get_metadef_namespace` as the gate (docs/reference/metadefs-api.md §3.1).
 * @throws GlanceError `not_found` or `forbidden`.
 */
export function authorizeMetadef(
  enforcer: Enforcer,
  rule: string,
  caller: Caller,
  target: PolicyTarget,
): void | Promise<void> {
  return authorizeBehind(enforcer, "get_metadef_namespace", rule, caller, target);
}

/**
 * Checks the creation of an image: `add_image`, then `publicize_image` or `communitize_image` by its visibility.
 * @throws GlanceError `forbidden`; for a foreign owner its text names the owner.
 */
export function authorizeCreate(
  enforcer: Enforcer,
  caller: Caller,
  image: { owner?: string | null; visibility?: string },
): void | Promise<void> {
  const target = newImageTarget(image, caller);
  return authorizeBy(enforcer.allows("add_image", caller, target), (allowed) => {
    if (!allowed) {
      if (target.owner === caller.projectId) refuse("add_image");
      refuseOwner(target.owner);
    }
    checkLegacyCreate(enforcer, caller, target.owner);
    if (image.visibility === "public") return authorize(enforcer, "publicize_image", caller, target);
    if (image.visibility === "community") return authorize(enforcer, "communitize_image", caller, target);
  });
}

/** The images of a page on which the caller passes the rule; the others are left out silently. */
export function authorizedImages(
  enforcer: Enforcer,
  rule: string,
  caller: Caller,
  images: readonly ImageRecord[],
): ImageRecord[] | Promise<ImageRecord[]> {
  const answers = images.map((image) => enforcer.allows(rule, caller, imageTarget(image, caller)));
  const pick = (allowed: boolean[]) => images.filter((_image, index) => allowed[index]);
  return answers.every((answer) => typeof answer === "boolean")
    ? pick(answers)
    : Promise.all(answers).then(pick);
}

function refuse(rule: string): never {
  fail("forbidden", `You are not authorized to complete ${rule} action.`);
}

function authorizeAfter(done: void | Promise<void>, next: () => void): void | Promise<void> {
  return done === undefined ? next() : done.then(next);
}

function authorizeBy<T>(
  answer: boolean | Promise<boolean>,
  next: (answer: boolean) => T | Promise<T>,
): T | Promise<T> {
  return typeof answer === "boolean" ? next(answer) : answer.then(next);
}
