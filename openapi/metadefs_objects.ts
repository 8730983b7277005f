/** …/objects (docs/reference/metadefs-api.md §5). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, json, jsonBody, limit, SECURED, sortDir } from "./common.ts";
import { metadefVisibility, NamespaceParams, ObjectParams, PropertyMap, times } from "./metadefs_common.ts";

const fields = {
  name: z.string().max(80),
  description: z.string().optional(),
  required: z.array(z.string()).optional(),
  properties: PropertyMap.optional(),
};

const MetadefObjectInput = z.strictObject(fields).openapi("MetadefObjectInput");

const MetadefObject = z.strictObject({ ...fields, ...times, self: z.string(), schema: z.string() })
  .openapi("MetadefObject");

const MetadefObjectList = z.strictObject({ objects: z.array(MetadefObject), schema: z.string() })
  .openapi("MetadefObjectList");

const PATH = "/v2/metadefs/namespaces/{namespace}/objects";

export const listObjects = createRoute({
  method: "get",
  path: PATH,
  operationId: "listMetadefObjects",
  summary: "List the objects of a namespace",
  tags: ["metadefs"],
  security: SECURED,
  request: {
    params: NamespaceParams,
    query: z.object({
      limit: limit("Judged only: a list has all objects.", 1),
      sort_dir: sortDir(),
      visibility: metadefVisibility(["public", "private", "shared"]),
    }),
  },
  responses: { 200: json(MetadefObjectList, "All objects, by name."), ...errors(403, 404) },
});

export const addObject = createRoute({
  method: "post",
  path: PATH,
  operationId: "addMetadefObject",
  summary: "Add an object",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: NamespaceParams, body: jsonBody(MetadefObjectInput, "The object.") },
  responses: { 201: json(MetadefObject, "The object as sent."), ...errors(403, 404, 409) },
});

export const clearObjects = createRoute({
  method: "delete",
  path: PATH,
  operationId: "clearMetadefObjects",
  summary: "Delete all objects of a namespace",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: NamespaceParams },
  responses: { 204: { description: "Deleted." }, ...errors(403, 404) },
});

export const showObject = createRoute({
  method: "get",
  path: `${PATH}/{object}`,
  operationId: "showMetadefObject",
  summary: "Show an object",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: ObjectParams },
  responses: { 200: json(MetadefObject, "The object."), ...errors(403, 404) },
});

export const changeObject = createRoute({
  method: "put",
  path: `${PATH}/{object}`,
  operationId: "updateMetadefObject",
  summary: "Replace an object",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: ObjectParams, body: jsonBody(MetadefObjectInput, "The object.") },
  responses: { 200: json(MetadefObject, "The object as sent."), ...errors(403, 404, 409) },
});

export const removeObject = createRoute({
  method: "delete",
  path: `${PATH}/{object}`,
  operationId: "deleteMetadefObject",
  summary: "Delete an object",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: ObjectParams },
  responses: { 204: { description: "Deleted." }, ...errors(403, 404) },
});
