/** Policy as the domain sees it (spec/policy.md). `src/policy/load.ts` makes one. */
import type { Caller } from "../caller.ts";

/** What a rule is checked against: spec/policy.md §4. */
export type PolicyTarget = Readonly<Record<string, unknown>>;

export interface Enforcer {
  /** Obeys policy files that were changed; called once when a request comes in. Bad files leave the rules as they are. */
  refresh(): void;
  /** Whether the caller passes the rule on the target. Scope is checked first. Rejects `internal` only for a failing `http:` check. */
  allows(rule: string, caller: Caller, target: PolicyTarget): boolean | Promise<boolean>;
  /** `enforce_new_defaults = false`: `authorize.ts` checks ownership besides (spec/policy.md §7). */
  readonly legacyOwnerChecks: boolean;
}
