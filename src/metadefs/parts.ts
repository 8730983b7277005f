/** The verbs on objects, properties and tags of a namespace (docs/reference/metadefs-api.md §3, §5–7). */
import type {
  MetadefKind,
  MetadefPart,
  MetadefPartRecord,
  NamespaceRecord,
} from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeOn, findNamespace, namespaceGone, passes } from "./find.ts";
import { checkRemoved, PART_RULES, partGone } from "./part_rules.ts";
import { requireWriter } from "../policy/owner.ts";
import { parseTag, tagPart } from "./bodies.ts";
import { fail } from "../errors.ts";

/**
 * GET …/objects, …/properties (docs/reference/metadefs-api.md §5, §6.1). Returns all of a kind, by name. Errors: not_found, forbidden.
 */
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

/** POST …/objects, …/properties, …/tags/{tag} (docs/reference/metadefs-api.md §5–7). Errors: not_found, forbidden, conflict. */
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

/** Adds one tag; like upstream, finds the namespace before it checks the name. Errors: bad_request, those of `addPart`. */
export async function addTag(ctx: Ctx, namespaceName: string, name: string): Promise<MetadefPartRecord> {
  requireWriter(ctx.caller);
  await findNamespace(ctx, namespaceName);
  return await addPart(ctx, "tag", namespaceName, tagPart(parseTag({ name })));
}

/**
 * GET …/objects/{object}, …/properties/{property}, …/tags/{tag} (docs/reference/metadefs-api.md §5–7). Errors: not_found,
 * forbidden.
 */
export async function showPart(
  ctx: Ctx,
  kind: MetadefKind,
  namespaceName: string,
  name: string,
): Promise<{ namespace: NamespaceRecord; part: MetadefPartRecord }> {
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, PART_RULES[kind].show);
  return { namespace, part: await partOf(ctx, kind, namespace, name) };
}

/**
 * Returns a property by its name on a resource type: `name` has the prefix of that type, the result does not. Errors: not_found, forbidden.
 */
export async function showPropertyOf(
  ctx: Ctx,
  resourceType: string,
  namespaceName: string,
  name: string,
): Promise<MetadefPartRecord> {
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, PART_RULES.property.show, "get_metadef_resource_type");
  const association = namespace.associations.find((each) => each.name === resourceType) ?? fail(
    "not_found",
    `Metadata definition resource-type association of resource-type=${resourceType} to namespace=` +
      `${namespaceName} was not found.`,
  );
  const { prefix } = association;
  if (!prefix || !name.startsWith(prefix)) {
    fail("not_found", `Property ${name} does not start with the expected resource type association prefix.`);
  }
  return await partOf(ctx, "property", namespace, name.slice(prefix.length));
}

async function partOf(
  { deps }: Ctx,
  kind: MetadefKind,
  namespace: NamespaceRecord,
  name: string,
): Promise<MetadefPartRecord> {
  return await deps.db.read.metadefs.part({ namespaceId: namespace.id, kind, name }) ??
    partGone(kind, name, namespace.namespace);
}

/**
 * PUT …/objects/{object}, …/properties/{property}, …/tags/{tag} (docs/reference/metadefs-api.md §5–7). Replaces the whole part,
 * including its name. The response still contains the old `updated_at`. Errors: not_found, forbidden, conflict.
 */
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

/**
 * Removes one object, property or tag (docs/reference/metadefs-api.md §3, §4.6). Errors: not_found,
 * forbidden, also in a protected namespace.
 */
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

/** Removes all of a kind, if any. Errors: not_found, forbidden, also in a protected namespace. */
export async function clearParts(ctx: Ctx, kind: MetadefKind, namespaceName: string): Promise<void> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, namespaceName);
  await authorizeOn(ctx, namespace, ...PART_RULES[kind].clear);
  const outcome = await ctx.deps.db.write.metadefs.clearParts({ namespaceId: namespace.id, kind });
  checkRemoved(outcome, `namespace=${namespaceName}`, () => namespaceGone(namespaceName));
}
