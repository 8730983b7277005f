/** The interface of policy to the domain (docs/reference/policy.md); `src/policy/load.ts` implements it. */
import type { Caller } from "../caller.ts";
import { credentials } from "./credentials.ts";

/** The object that a rule is checked against: docs/reference/policy.md §4. */
export type PolicyTarget = Readonly<Record<string, unknown>>;

export interface Enforcer {
  /** Loads changed policy files; called once per request. Files with errors leave the rules unchanged. */
  refresh(): void;
  /** Whether the caller passes the rule on the target. Checks scope first. Rejects `internal` only when an `http:` check fails. */
  allows(rule: string, caller: Caller, target: PolicyTarget): boolean | Promise<boolean>;
  /** `enforce_new_defaults = false`: `authorize.ts` also checks ownership (docs/reference/policy.md §7). */
  readonly legacyOwnerChecks: boolean;
}

/** Evaluates `context_is_admin` with the caller as the target too; called once per request. */
export function isAdmin(enforcer: Enforcer, caller: Caller): boolean | Promise<boolean> {
  return enforcer.allows("context_is_admin", caller, credentials(caller));
}
