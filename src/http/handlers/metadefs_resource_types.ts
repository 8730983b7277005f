/** Resource types and their associations (docs/reference/metadefs-api.md §8). */
import type * as routes from "../../../openapi/metadefs_resource_types.ts";
import { parseAssociation } from "../../metadefs/bodies.ts";
import { associate, dissociate, listAssociations, listResourceTypes } from "../../metadefs/resource_types.ts";
import { type Call, empty, json } from "../bind.ts";
import { associationView, namedView } from "../view/metadef.ts";

export async function listTypes(call: Call<typeof routes.listResourceTypes>): Promise<Response> {
  return json(call, { resource_types: (await listResourceTypes(call.ctx)).map(namedView) });
}

export async function list(call: Call<typeof routes.listAssociations>): Promise<Response> {
  const associations = await listAssociations(call.ctx, call.param("namespace"));
  return json(call, { resource_type_associations: associations.map(associationView) });
}

export async function add(call: Call<typeof routes.addAssociation>): Promise<Response> {
  const association = parseAssociation(call.body);
  return json(call, associationView(await associate(call.ctx, call.param("namespace"), association)), 201);
}

export async function remove(call: Call<typeof routes.removeAssociation>): Promise<Response> {
  await dissociate(call.ctx, call.param("namespace"), call.param("resource_type"));
  return empty(call, 204);
}
