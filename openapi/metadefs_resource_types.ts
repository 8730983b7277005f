/** /v2/metadefs/resource_types and …/resource_types (docs/reference/metadefs-api.md §8). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, json, jsonBody, SECURED } from "./common.ts";
import { AssociationFields, NamespaceParams, ResourceTypeParams, times } from "./metadefs_common.ts";

export const ResourceType = z.strictObject({ name: z.string(), ...times }).openapi("MetadefResourceType");

const AssociationInput = z.strictObject(AssociationFields).openapi("MetadefAssociationInput");

export const Association = z.strictObject({ ...AssociationFields, ...times }).openapi("MetadefAssociation");

const PATH = "/v2/metadefs/namespaces/{namespace}/resource_types";

export const listResourceTypes = createRoute({
  method: "get",
  path: "/v2/metadefs/resource_types",
  operationId: "listMetadefResourceTypes",
  summary: "List all resource types",
  tags: ["metadefs"],
  security: SECURED,
  responses: {
    200: json(z.strictObject({ resource_types: z.array(ResourceType) }), "Every type, oldest first."),
    ...errors(403, 404),
  },
});

export const listAssociations = createRoute({
  method: "get",
  path: PATH,
  operationId: "listMetadefAssociations",
  summary: "List the resource types of a namespace",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: NamespaceParams },
  responses: {
    200: json(z.strictObject({ resource_type_associations: z.array(Association) }), "The associations."),
    ...errors(403, 404),
  },
});

export const addAssociation = createRoute({
  method: "post",
  path: PATH,
  operationId: "addMetadefAssociation",
  summary: "Associate a namespace with a resource type",
  tags: ["metadefs"],
  security: SECURED,
  request: {
    params: NamespaceParams,
    body: jsonBody(AssociationInput, "The type; an unknown one becomes known."),
  },
  responses: { 201: json(Association, "The association."), ...errors(403, 404, 409) },
});

export const removeAssociation = createRoute({
  method: "delete",
  path: `${PATH}/{resource_type}`,
  operationId: "removeMetadefAssociation",
  summary: "Remove the association with a resource type",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: ResourceTypeParams },
  responses: { 204: { description: "Removed; the type stays known." }, ...errors(403, 404) },
});
