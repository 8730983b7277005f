/** POST /v2/metadefs/namespaces (spec/metadefs-api.md §4.2). */
import type { NamespaceRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeMetadef } from "../policy/authorize.ts";
import { requireWriter } from "../policy/read_only.ts";
import { listTarget } from "../policy/targets.ts";
import { type NamespaceBody, namespaceColumns, objectPart, propertyPart, tagPart } from "./bodies.ts";

/** Makes the namespace with everything in it, or nothing. Errors: not_found, forbidden, conflict. */
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
