/** PUT …/objects/{object}, …/properties/{property}, …/tags/{tag} (spec/metadefs-api.md §5–7). */
import type { MetadefKind, MetadefPart, MetadefPartRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { requireWriter } from "../policy/read_only.ts";
import { authorizeOn, findNamespace } from "./find.ts";
import { PART_RULES, partGone } from "./part_rules.ts";

/** Replaces the whole part, its name too. The answer still has the old `updated_at`. Errors: not_found, forbidden, conflict. */
export async function changePart(
  ctx: Ctx,
  kind: MetadefKind,
  namespaceName: string,
  name: string,
  part: MetadefPart,
): Promise<MetadefPartRecord> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, PART_RULES[kind].change);
  return await ctx.deps.db.write.metadefs.changePart({ namespaceId: namespace.id, kind, name, part }) ??
    partGone(kind, name, namespaceName);
}
