/** Resource types and their associations (docs/reference/metadefs-api.md §8). */
import type { Association, AssociationRecord, ResourceTypeRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeMetadef } from "../policy/authorize.ts";
import { requireWriter } from "../policy/owner.ts";
import { listTarget } from "../policy/targets.ts";
import { authorizeOn, findNamespace, namespaceGone, passes } from "./find.ts";
import { checkRemoved } from "./part_rules.ts";

/** Returns every type that was ever associated. Errors: not_found, forbidden. */
export async function listResourceTypes({ deps, caller }: Ctx): Promise<ResourceTypeRecord[]> {
  await authorizeMetadef(deps.policy, "list_metadef_resource_types", caller, listTarget(caller));
  return await deps.db.read.metadefs.resourceTypes();
}

/** Returns the associations of a namespace. Errors: not_found, forbidden. */
export async function listAssociations(ctx: Ctx, namespaceName: string): Promise<AssociationRecord[]> {
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, "list_metadef_resource_types");
  return await passes(ctx, namespace, "get_metadef_resource_type") ? namespace.associations : [];
}

/** Errors: not_found, forbidden, conflict. */
export async function associate(
  ctx: Ctx,
  namespaceName: string,
  association: Association,
): Promise<AssociationRecord> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, "add_metadef_resource_type_association");
  const input = { namespaceId: namespace.id, association };
  return await ctx.deps.db.write.metadefs.addAssociation(input) ?? namespaceGone(namespaceName);
}

/** Removes the association, not the type. Errors: not_found; forbidden, also for a protected namespace. */
export async function dissociate(ctx: Ctx, namespaceName: string, name: string): Promise<void> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, "remove_metadef_resource_type_association");
  const outcome = await ctx.deps.db.write.metadefs.removeAssociation({ namespaceId: namespace.id, name });
  const what = `resource-type association of resource-type=${name} to namespace=${namespaceName}`;
  checkRemoved(outcome, what, () => fail("not_found", `Metadata definition ${what} was not found.`));
}
