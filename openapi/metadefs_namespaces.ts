/** /v2/metadefs/namespaces (docs/reference/metadefs-api.md §4). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, json, jsonBody, limit, SECURED, sortDir, text } from "./common.ts";
import {
  AssociationFields,
  ForResourceType,
  ignored,
  MetadefProperty,
  metadefSortKey,
  metadefVisibility,
  NamespaceParams,
  PropertyMap,
  times,
} from "./metadefs_common.ts";

const columns = {
  namespace: z.string().max(80),
  display_name: z.string().max(80).optional(),
  description: z.string().max(500).optional(),
};
const objectFields = {
  name: z.string().max(80),
  description: z.string().optional(),
  required: z.array(z.string()).optional(),
  properties: z.record(z.string(), MetadefProperty).optional(),
};
const links = { self: z.string(), schema: z.string() };

/** As it is sent. */
const NamespaceInput = z.strictObject({
  ...columns,
  visibility: z.enum(["public", "private"]).optional(),
  protected: z.boolean().optional(),
  owner: z.string().max(255).optional(),
  resource_type_associations: z.array(z.strictObject({ ...AssociationFields, ...ignored })).optional(),
  properties: PropertyMap.optional(),
  objects: z.array(z.strictObject({ ...objectFields, self: z.string().optional(), ...ignored })).optional(),
  tags: z.array(z.strictObject({ name: z.string().max(80), ...ignored })).optional(),
}).openapi("MetadefNamespaceInput");

/** As it is shown; what there is none of is absent. */
export const Namespace = z.strictObject({
  ...columns,
  visibility: z.string(),
  protected: z.boolean(),
  owner: z.string(),
  ...times,
  resource_type_associations: z.array(z.strictObject({ ...AssociationFields, ...ignored })).optional(),
  properties: PropertyMap.optional(),
  objects: z.array(z.strictObject({ ...objectFields, self: z.string().optional(), ...ignored })).optional(),
  tags: z.array(z.strictObject({ name: z.string(), ...ignored })).optional(),
  ...links,
}).openapi("MetadefNamespace");

export const NamespaceList = z.strictObject({
  namespaces: z.array(Namespace),
  first: z.string(),
  next: z.string().optional(),
  schema: z.string(),
}).openapi("MetadefNamespaceList");

const NAMESPACE_SORT_KEYS = [
  "namespace",
  "display_name",
  "description",
  "visibility",
  "protected",
  "owner",
  "created_at",
  "updated_at",
] as const;

const ListQuery = z.object({
  limit: limit("Namespaces on a page; capped by api_limit_max."),
  marker: text("Name of the last namespace of the page before."),
  sort_key: metadefSortKey(NAMESPACE_SORT_KEYS, ["id"]),
  sort_dir: sortDir(),
  visibility: metadefVisibility(["public", "private"], [""]),
  resource_types: text("Names of resource types, comma-separated: namespaces for one of them at least."),
});

export const listNamespaces = createRoute({
  method: "get",
  path: "/v2/metadefs/namespaces",
  operationId: "listMetadefNamespaces",
  summary: "List namespaces",
  tags: ["metadefs"],
  security: SECURED,
  request: { query: ListQuery },
  responses: { 200: json(NamespaceList, "A page of namespaces."), ...errors(403, 404) },
});

export const createNamespace = createRoute({
  method: "post",
  path: "/v2/metadefs/namespaces",
  operationId: "createMetadefNamespace",
  summary: "Create a namespace with its contents",
  tags: ["metadefs"],
  security: SECURED,
  request: { body: jsonBody(NamespaceInput, "The namespace.") },
  responses: {
    201: json(Namespace, "The namespace, contents as sent.", z.object({ Location: z.string() })),
    ...errors(403, 404, 409),
  },
});

export const showNamespace = createRoute({
  method: "get",
  path: "/v2/metadefs/namespaces/{namespace}",
  operationId: "showMetadefNamespace",
  summary: "Show a namespace with its contents",
  tags: ["metadefs"],
  security: SECURED,
  request: {
    params: NamespaceParams,
    query: ForResourceType.extend({ visibility: metadefVisibility(["public", "private"]) }),
  },
  responses: { 200: json(Namespace, "The namespace."), ...errors(403, 404) },
});

export const updateNamespace = createRoute({
  method: "put",
  path: "/v2/metadefs/namespaces/{namespace}",
  operationId: "updateMetadefNamespace",
  summary: "Replace a namespace, not its contents",
  tags: ["metadefs"],
  security: SECURED,
  request: {
    params: NamespaceParams,
    body: jsonBody(NamespaceInput, "The namespace; contents are ignored."),
  },
  responses: { 200: json(Namespace, "The namespace without contents."), ...errors(403, 404, 409) },
});

export const deleteNamespace = createRoute({
  method: "delete",
  path: "/v2/metadefs/namespaces/{namespace}",
  operationId: "deleteMetadefNamespace",
  summary: "Delete a namespace with its contents",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: NamespaceParams },
  responses: { 204: { description: "Deleted." }, ...errors(403, 404) },
});
