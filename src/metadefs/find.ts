/** Lookup and authorisation for every verb on a namespace (docs/reference/metadefs-api.md §1, §3.1). */
import type { NamespaceRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeMetadef } from "../policy/authorize.ts";
import { namespaceTarget } from "../policy/targets.ts";

/** Returns the namespace if the caller can see it. Errors: not_found. */
export async function findNamespace({ deps, caller }: Ctx, name: string): Promise<NamespaceRecord> {
  const viewer = { isAdmin: caller.isAdmin, projectId: caller.projectId };
  return await deps.db.read.metadefs.namespace({ name, viewer }) ?? namespaceGone(name);
}

/** Checks rules on a namespace in order. Errors: not_found, forbidden. */
export async function authorizeOn(
  { deps, caller }: Ctx,
  namespace: NamespaceRecord,
  ...rules: string[]
): Promise<void> {
  for (const rule of rules) await authorizeMetadef(deps.policy, rule, caller, namespaceTarget(namespace));
}

/** Whether a rule lets the caller see a namespace; callers omit it otherwise. */
export async function passes(
  { deps, caller }: Ctx,
  namespace: NamespaceRecord,
  rule: string,
): Promise<boolean> {
  return await deps.policy.allows(rule, caller, namespaceTarget(namespace));
}

/** Errors: not_found, always. */
export function namespaceGone(name: string): never {
  fail("not_found", `Metadata definition namespace=${name} was not found.`);
}
