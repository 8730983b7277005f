/** DELETE of one object, property or tag, and of all of a kind (spec/metadefs-api.md §3, §4.6). */
import type { MetadefKind } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { requireWriter } from "../policy/read_only.ts";
import { authorizeOn, findNamespace, namespaceGone } from "./find.ts";
import { checkRemoved, PART_RULES, partGone } from "./part_rules.ts";

/** Errors: not_found, forbidden, also in a protected namespace. */
export async function removePart(
  ctx: Ctx,
  kind: MetadefKind,
  namespaceName: string,
  name: string,
): Promise<void> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, PART_RULES[kind].remove);
  const outcome = await ctx.deps.db.write.metadefs.removePart({ namespaceId: namespace.id, kind, name });
  checkRemoved(outcome, `${kind} ${name}`, () => partGone(kind, name, namespaceName));
}

/** All of a kind; none is well, too. Errors: not_found, forbidden, also in a protected namespace. */
export async function clearParts(ctx: Ctx, kind: MetadefKind, namespaceName: string): Promise<void> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, ...PART_RULES[kind].clear);
  const outcome = await ctx.deps.db.write.metadefs.clearParts({ namespaceId: namespace.id, kind });
  checkRemoved(outcome, `namespace=${namespaceName}`, () => namespaceGone(namespaceName));
}
