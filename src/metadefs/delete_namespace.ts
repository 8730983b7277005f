/** DELETE /v2/metadefs/namespaces/{namespace} (spec/metadefs-api.md §4.6). */
import type { Ctx } from "../deps.ts";
import { requireWriter } from "../policy/read_only.ts";
import { authorizeOn, findNamespace, namespaceGone } from "./find.ts";
import { checkRemoved } from "./part_rules.ts";

/** Removes the namespace and all that is in it. Errors: not_found, forbidden, also when it is protected. */
export async function deleteNamespace(ctx: Ctx, name: string): Promise<void> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, name);
  await authorizeOn(ctx, namespace, "delete_metadef_namespace");
  const outcome = await ctx.deps.db.write.metadefs.removeNamespace({ id: namespace.id });
  checkRemoved(outcome, `namespace=${name}`, () => namespaceGone(name));
}
