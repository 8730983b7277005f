/** The scope of tokens (docs/reference/policy.md §3.6). */
import type { Caller } from "../caller.ts";

/** The scope of the caller's token. */
export function tokenKind(caller: Caller): "system" | "domain" | "project" {
  return caller.systemScope ? "system" : caller.domainId ? "domain" : "project";
}

/** Whether the rule accepts the scope of the token; rules without scope, and undefined ones, accept every token. */
export function inScope(rule: { scope: "project" | null } | undefined, caller: Caller): boolean {
  return !rule?.scope || (!caller.systemScope && !caller.domainId);
}
