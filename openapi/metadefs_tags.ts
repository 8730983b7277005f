/** …/tags (docs/reference/metadefs-api.md §7). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, json, jsonBody, limit, SECURED, sortDir, text } from "./common.ts";
import {
  metadefSortKey,
  MetadefTagParams,
  metadefVisibility,
  NamespaceParams,
  TagName,
  times,
} from "./metadefs_common.ts";

const MetadefTag = z.strictObject({ name: z.string(), ...times }).openapi("MetadefTag");

const MetadefTagList = z.strictObject({ tags: z.array(TagName) }).openapi("MetadefTagList");

const PATH = "/v2/metadefs/namespaces/{namespace}/tags";

const ListQuery = z.object({
  // Empty is none, here alone.
  limit: z.preprocess((value) => value === "" ? undefined : value, limit("Tags on a page; by default all.")),
  marker: text("Name of the last tag of the page before."),
  sort_key: metadefSortKey(["name", "created_at", "updated_at", "id"]),
  sort_dir: sortDir(),
  visibility: metadefVisibility(["public", "private", "shared"]),
});

export const listTags = createRoute({
  method: "get",
  path: PATH,
  operationId: "listMetadefTags",
  summary: "List the tags of a namespace",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: NamespaceParams, query: ListQuery },
  responses: { 200: json(MetadefTagList, "A page of tags."), ...errors(403, 404) },
});

export const addTags = createRoute({
  method: "post",
  path: PATH,
  operationId: "addMetadefTags",
  summary: "Replace all tags of a namespace, or add some",
  tags: ["metadefs"],
  security: SECURED,
  request: {
    params: NamespaceParams,
    headers: z.object({
      "X-Openstack-Append": z.string().optional().openapi({
        description: "true: keep the existing tags.",
      }),
    }),
    body: jsonBody(MetadefTagList, "The tags."),
  },
  responses: { 201: json(MetadefTagList, "The tags as sent."), ...errors(403, 404, 409) },
});

export const clearTags = createRoute({
  method: "delete",
  path: PATH,
  operationId: "clearMetadefTags",
  summary: "Delete all tags of a namespace",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: NamespaceParams },
  responses: { 204: { description: "Deleted." }, ...errors(403, 404) },
});

export const showTag = createRoute({
  method: "get",
  path: `${PATH}/{tag}`,
  operationId: "showMetadefTag",
  summary: "Show a tag",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: MetadefTagParams },
  responses: { 200: json(MetadefTag, "The tag."), ...errors(403, 404) },
});

export const addTag = createRoute({
  method: "post",
  path: `${PATH}/{tag}`,
  operationId: "addMetadefTag",
  summary: "Add a tag",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: MetadefTagParams },
  responses: { 201: json(MetadefTag, "The tag."), ...errors(403, 404, 409) },
});

export const changeTag = createRoute({
  method: "put",
  path: `${PATH}/{tag}`,
  operationId: "updateMetadefTag",
  summary: "Rename a tag",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: MetadefTagParams, body: jsonBody(TagName, "The new name.") },
  responses: { 200: json(MetadefTag, "The tag."), ...errors(403, 404, 409) },
});

export const removeTag = createRoute({
  method: "delete",
  path: `${PATH}/{tag}`,
  operationId: "deleteMetadefTag",
  summary: "Delete a tag",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: MetadefTagParams },
  responses: { 204: { description: "Deleted." }, ...errors(403, 404) },
});
