/** Lists of tags: pages, and many at once (docs/reference/metadefs-api.md §7). */
import type { MetadefPartRecord, TagListQuery } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeOn, findNamespace, namespaceGone } from "./find.ts";
import { PART_RULES, partGone } from "./part_rules.ts";
import { requireWriter } from "../policy/owner.ts";
import { tagPart } from "./bodies.ts";

/** GET …/tags (docs/reference/metadefs-api.md §7). Returns a page of tags. Errors: not_found, also for the marker, forbidden. */
export async function listTags(
  ctx: Ctx,
  namespaceName: string,
  query: Omit<TagListQuery, "namespaceId">,
): Promise<MetadefPartRecord[]> {
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, PART_RULES.tag.list);
  return await ctx.deps.db.read.metadefs.tags({ ...query, namespaceId: namespace.id }) ??
    partGone("tag", query.marker ?? "", namespaceName);
}

/**
 * POST …/tags (docs/reference/metadefs-api.md §7). Adds tags, by default replacing the existing ones; an
 * empty list removes nothing. Errors: not_found, forbidden, conflict.
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
