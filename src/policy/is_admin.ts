/** Who is an administrator (spec/policy.md §1.2). */
import type { Caller } from "../caller.ts";
import { credentials } from "./credentials.ts";
import type { Enforcer } from "./enforcer.ts";

/** The rule `context_is_admin` on the caller, who is also the target. Evaluated once when a request comes in. */
export function isAdmin(enforcer: Enforcer, caller: Caller): boolean | Promise<boolean> {
  return enforcer.allows("context_is_admin", caller, credentials(caller));
}
