/** GET …/tags (spec/metadefs-api.md §7). */
import type { MetadefPartRecord, TagListQuery } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeOn, findNamespace } from "./find.ts";
import { PART_RULES, partGone } from "./part_rules.ts";

/** A page of tags. Errors: not_found, also for the marker, forbidden. */
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
