/** GET /v2/metadefs/namespaces/{namespace} (spec/metadefs-api.md §4.4). */
import type { MetadefPartRecord, NamespaceContents, NamespaceRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeOn, findNamespace } from "./find.ts";

/** The namespace with all that is in it, for `resourceType` with its prefix. Errors: not_found, forbidden. */
export async function showNamespace(
  ctx: Ctx,
  name: string,
  resourceType: string | null,
): Promise<{ namespace: NamespaceRecord; contents: NamespaceContents }> {
  const namespace = await findNamespace(ctx, name);
  await authorizeOn(
    ctx,
    namespace,
    "get_metadef_namespace",
    "list_metadef_resource_types",
    "get_metadef_objects",
    "get_metadef_properties",
    "get_metadef_tags",
  );
  const contents = await ctx.deps.db.read.metadefs.contents({ namespaceId: namespace.id });
  const prefix = namespace.associations.find((each) => each.name === resourceType)?.prefix;
  return { namespace, contents: prefix ? withPrefix(contents, prefix) : contents };
}

/** The names that the properties have on the resource; objects and tags keep theirs. */
function withPrefix({ objects, properties, tags }: NamespaceContents, prefix: string): NamespaceContents {
  const prefixed = (object: MetadefPartRecord): MetadefPartRecord => ({
    ...object,
    required: object.required.map((each) => prefix + each),
    schema: Object.fromEntries(Object.entries(object.schema).map(([key, value]) => [prefix + key, value])),
  });
  return {
    objects: objects.map(prefixed),
    properties: properties.map((each) => ({ ...each, name: prefix + each.name })),
    tags,
  };
}
