/** Administrators (docs/reference/policy.md §1.2). */
import type { Caller } from "../caller.ts";
import { credentials } from "./credentials.ts";
import type { Enforcer } from "./enforcer.ts";

/** Evaluates `context_is_admin` with the caller as the target too; called once per request. */
export function isAdmin(enforcer: Enforcer, caller: Caller): boolean | Promise<boolean> {
  return enforcer.allows("context_is_admin", caller, credentials(caller));
}
