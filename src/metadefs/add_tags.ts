/** POST …/tags: many at once (spec/metadefs-api.md §7). */
import type { Ctx } from "../deps.ts";
import { requireWriter } from "../policy/read_only.ts";
import { tagPart } from "./bodies.ts";
import { authorizeOn, findNamespace, namespaceGone } from "./find.ts";

/**
 * Adds tags, by default in the place of those that there are; an empty list removes nothing.
 * Errors: not_found, forbidden, conflict.
 */
export async function addTags(
  ctx: Ctx,
  namespaceName: string,
  tags: { name: string }[],
  { append }: { append: boolean },
): Promise<void> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, "add_metadef_tags");
  if (tags.length === 0) return;
  const parts = tags.map(tagPart);
  await ctx.deps.db.write.metadefs.addParts({
    namespaceId: namespace.id,
    kind: "tag",
    parts,
    replace: !append,
  }) ?? namespaceGone(namespaceName);
}
