/** The verbs on namespaces (docs/reference/metadefs-api.md §4). */
import type {
  MetadefPartRecord,
  NamespaceContents,
  NamespaceListQuery,
  NamespaceRecord,
} from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeMetadef } from "../policy/authorize.ts";
import { listTarget } from "../policy/targets.ts";
import { authorizeOn, findNamespace, namespaceGone, passes } from "./find.ts";
import { requireWriter } from "../policy/owner.ts";
import { type NamespaceBody, namespaceColumns, objectPart, propertyPart, tagPart } from "./bodies.ts";
import { checkRemoved } from "./part_rules.ts";

/** The query for a page; `marker` is the name of the last namespace of the previous page. */
export type NamespaceList = Omit<NamespaceListQuery, "viewer" | "after"> & { marker?: string };

/**
 * GET /v2/metadefs/namespaces (docs/reference/metadefs-api.md §4.3). Returns one page, without namespaces that
 * `get_metadef_namespace` denies. Errors: not_found, forbidden.
 */
export async function listNamespaces(
  ctx: Ctx,
  { marker, ...query }: NamespaceList,
): Promise<NamespaceRecord[]> {
  const { deps, caller } = ctx;
  for (const rule of ["get_metadef_namespaces", "list_metadef_resource_types"]) {
    await authorizeMetadef(deps.policy, rule, caller, listTarget(caller));
  }
  const after = marker === undefined ? undefined : (await findNamespace(ctx, marker)).id;
  if (query.limit === 0) return [];
  const rows = await deps.db.read.metadefs.namespaces({
    ...query,
    viewer: { isAdmin: caller.isAdmin, projectId: caller.projectId },
    ...(after === undefined ? {} : { after }),
  });
  const allowed = await Promise.all(rows.map((row) => passes(ctx, row, "get_metadef_namespace")));
  return rows.filter((_, index) => allowed[index]);
}

/**
 * POST /v2/metadefs/namespaces (docs/reference/metadefs-api.md §4.2). Creates the namespace and its contents in one transaction.
 * Errors: not_found, forbidden, conflict.
 */
export async function createNamespace(ctx: Ctx, body: NamespaceBody): Promise<NamespaceRecord> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  const { resource_type_associations: associations = [], objects = [], tags = [], properties = {} } = body;
  const rules: [rule: string, wanted: boolean][] = [
    ["add_metadef_namespace", true],
    ["add_metadef_resource_type_association", associations.length > 0],
    ["add_metadef_object", objects.length > 0],
    ["add_metadef_property", Object.keys(properties).length > 0],
    ["add_metadef_tag", tags.length > 0],
  ];
  for (const [rule, wanted] of rules) {
    if (wanted) await authorizeMetadef(deps.policy, rule, caller, listTarget(caller));
  }
  return await deps.db.write.metadefs.createNamespace({
    columns: namespaceColumns(body, body.owner ?? caller.projectId ?? ""),
    associations: associations.map(({ name, prefix = null, properties_target = null }) => ({
      name,
      prefix,
      properties_target,
    })),
    objects: objects.map(objectPart),
    properties: Object.entries(properties).map(([name, property]) => propertyPart(name, property)),
    tags: tags.map(tagPart),
  });
}

/**
 * GET /v2/metadefs/namespaces/{namespace} (docs/reference/metadefs-api.md §4.4). Returns the namespace and its contents,
 * with the prefix of `resourceType`. Errors: not_found, forbidden.
 */
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

/** Prefixes the names of properties as on the resource; objects and tags keep their names. */
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

/**
 * PUT /v2/metadefs/namespaces/{namespace} (docs/reference/metadefs-api.md §4.5). Replaces what a client may say of a namespace;
 * its contents stay. The response still contains the old `updated_at`. Errors: not_found, forbidden, conflict.
 */
export async function updateNamespace(ctx: Ctx, name: string, body: NamespaceBody): Promise<NamespaceRecord> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, name);
  await authorizeOn(ctx, namespace, "modify_metadef_namespace");
  const columns = namespaceColumns(body, body.owner || (ctx.caller.projectId ?? ""));
  return await ctx.deps.db.write.metadefs.changeNamespace({ id: namespace.id, columns }) ??
    namespaceGone(name);
}

/**
 * DELETE /v2/metadefs/namespaces/{namespace} (docs/reference/metadefs-api.md §4.6). Removes the namespace and its
 * contents. Errors: not_found; forbidden, also if it is protected.
 */
export async function deleteNamespace(ctx: Ctx, name: string): Promise<void> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, name);
  await authorizeOn(ctx, namespace, "delete_metadef_namespace");
  const outcome = await ctx.deps.db.write.metadefs.removeNamespace({ id: namespace.id });
  checkRemoved(outcome, `namespace=${name}`, () => namespaceGone(name));
}
