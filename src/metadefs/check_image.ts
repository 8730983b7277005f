/** GET /v2/images/{id}/metadefs-check, an extension (docs/metadefs.md). */
import type { NamespaceDefinitions } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { showImage } from "../images/show.ts";
import { authorizeMetadef } from "../policy/authorize.ts";
import { listTarget } from "../policy/targets.ts";
import { type Checked, checkProperties, IMAGE_NAMESPACES, IMAGE_TYPE } from "./check_properties.ts";
import { passes } from "./find.ts";

/**
 * Compares the properties of the image with the definitions that the caller may see. Errors: not_found, forbidden.
 */
export async function checkImage(ctx: Ctx, id: string): Promise<Checked> {
  const { deps, caller } = ctx;
  const image = await showImage(ctx, id);
  await authorizeMetadef(deps.policy, "get_metadef_namespaces", caller, listTarget(caller));
  const namespaces = await deps.db.read.metadefs.definitions({
    resourceType: IMAGE_TYPE,
    names: IMAGE_NAMESPACES,
    viewer: { isAdmin: caller.isAdmin, projectId: caller.projectId },
  });
  return checkProperties(image.properties, await Promise.all(namespaces.map((each) => visibleTo(ctx, each))));
}

async function visibleTo(ctx: Ctx, namespace: NamespaceDefinitions): Promise<NamespaceDefinitions> {
  const may = async (rule: string) =>
    await passes(ctx, namespace, "get_metadef_namespace") && await passes(ctx, namespace, rule);
  return {
    ...namespace,
    properties: await may("get_metadef_properties") ? namespace.properties : [],
    objects: await may("get_metadef_objects") ? namespace.objects : [],
  };
}
