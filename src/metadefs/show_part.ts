/** GET …/objects/{object}, …/properties/{property}, …/tags/{tag} (spec/metadefs-api.md §5–7). */
import type { MetadefKind, MetadefPartRecord, NamespaceRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeOn, findNamespace } from "./find.ts";
import { PART_RULES, partGone } from "./part_rules.ts";

/** Errors: not_found, forbidden. */
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
 * A property by the name that it has on a resource type: `name` with the prefix of that type. The answer has it
 * without. Errors: not_found, forbidden.
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
