/** The scope of tokens (spec/policy.md §3.6). */
import type { Caller } from "../caller.ts";

/** What the caller's token is for. */
export function tokenKind(caller: Caller): "system" | "domain" | "project" {
  return caller.systemScope ? "system" : caller.domainId ? "domain" : "project";
}

/** Whether the rule answers to this kind of token at all; rules without scope, and undefined ones, do to every kind. */
export function inScope(rule: { scope: "project" | null } | undefined, caller: Caller): boolean {
  return !rule?.scope || (!caller.systemScope && !caller.domainId);
}
