/** …/properties (docs/reference/metadefs-api.md §6). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, json, jsonBody, SECURED } from "./common.ts";
import {
  ForResourceType,
  NamedMetadefProperty,
  NamespaceParams,
  PropertyMap,
  PropertyParams,
} from "./metadefs_common.ts";

const MetadefPropertyList = z.strictObject({ properties: PropertyMap }).openapi("MetadefPropertyList");

const PATH = "/v2/metadefs/namespaces/{namespace}/properties";

export const listProperties = createRoute({
  method: "get",
  path: PATH,
  operationId: "listMetadefProperties",
  summary: "List the properties of a namespace",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: NamespaceParams },
  responses: { 200: json(MetadefPropertyList, "All properties, by name."), ...errors(403, 404) },
});

export const addProperty = createRoute({
  method: "post",
  path: PATH,
  operationId: "addMetadefProperty",
  summary: "Add a property",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: NamespaceParams, body: jsonBody(NamedMetadefProperty, "The property.") },
  responses: { 201: json(NamedMetadefProperty, "The property."), ...errors(403, 404, 409) },
});

export const clearProperties = createRoute({
  method: "delete",
  path: PATH,
  operationId: "clearMetadefProperties",
  summary: "Delete all properties of a namespace",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: NamespaceParams },
  responses: { 204: { description: "Deleted." }, ...errors(403, 404) },
});

export const showProperty = createRoute({
  method: "get",
  path: `${PATH}/{property}`,
  operationId: "showMetadefProperty",
  summary: "Show a property",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: PropertyParams, query: ForResourceType },
  responses: { 200: json(NamedMetadefProperty, "The property."), ...errors(403, 404) },
});

export const changeProperty = createRoute({
  method: "put",
  path: `${PATH}/{property}`,
  operationId: "updateMetadefProperty",
  summary: "Replace a property",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: PropertyParams, body: jsonBody(NamedMetadefProperty, "The property.") },
  responses: { 200: json(NamedMetadefProperty, "The property."), ...errors(403, 404, 409) },
});

export const removeProperty = createRoute({
  method: "delete",
  path: `${PATH}/{property}`,
  operationId: "deleteMetadefProperty",
  summary: "Delete a property",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: PropertyParams },
  responses: { 204: { description: "Deleted." }, ...errors(403, 404) },
});
