/** POST …/objects, …/properties, …/tags/{tag} (spec/metadefs-api.md §5–7). */
import type { MetadefKind, MetadefPart, MetadefPartRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { requireWriter } from "../policy/read_only.ts";
import { parseTag, tagPart } from "./bodies.ts";
import { authorizeOn, findNamespace, namespaceGone } from "./find.ts";
import { PART_RULES } from "./part_rules.ts";

/** Errors: not_found, forbidden, conflict. */
export async function addPart(
  ctx: Ctx,
  kind: MetadefKind,
  namespaceName: string,
  part: MetadefPart,
): Promise<MetadefPartRecord> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, PART_RULES[kind].add);
  const input = { namespaceId: namespace.id, kind, parts: [part], replace: false };
  const added = await ctx.deps.db.write.metadefs.addParts(input);
  return added?.[0] ?? namespaceGone(namespaceName);
}

/** One tag; upstream looks for the namespace first, then at the tag's name. Errors: bad_request and those above. */
export async function addTag(ctx: Ctx, namespaceName: string, name: string): Promise<MetadefPartRecord> {
  requireWriter(ctx.caller);
  await findNamespace(ctx, namespaceName);
  return await addPart(ctx, "tag", namespaceName, tagPart(parseTag({ name })));
}
