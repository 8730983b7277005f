/** GET …/objects, …/properties (spec/metadefs-api.md §5, §6.1). */
import type { MetadefKind, MetadefPartRecord, NamespaceRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeOn, findNamespace, passes } from "./find.ts";
import { PART_RULES } from "./part_rules.ts";

/** All of a kind, by name. Errors: not_found, forbidden. */
export async function listParts(
  ctx: Ctx,
  kind: MetadefKind,
  namespaceName: string,
): Promise<{ namespace: NamespaceRecord; parts: MetadefPartRecord[] }> {
  const namespace = await findNamespace(ctx, namespaceName);
  const { list, item } = PART_RULES[kind];
  await authorizeOn(ctx, namespace, list);
  // Every item has the same target: its namespace.
  if (item !== null && !await passes(ctx, namespace, item)) return { namespace, parts: [] };
  return { namespace, parts: await ctx.deps.db.read.metadefs.parts({ namespaceId: namespace.id, kind }) };
}
