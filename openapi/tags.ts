/** /v2/images/{id}/tags/{tag} (docs/reference/images-api.md §2.13). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, ImageIdParam, SECURED } from "./common.ts";

const TagParams = ImageIdParam.extend({
  tag: z.string().openapi({ param: { name: "tag", in: "path" }, example: "golden" }),
});

export const addTag = createRoute({
  method: "put",
  path: "/v2/images/{image_id}/tags/{tag}",
  operationId: "addTag",
  summary: "Tag an image",
  tags: ["tags"],
  security: SECURED,
  request: { params: TagParams },
  responses: { 204: { description: "The image has the tag." }, ...errors(403, 404, 413) },
});

export const removeTag = createRoute({
  method: "delete",
  path: "/v2/images/{image_id}/tags/{tag}",
  operationId: "removeTag",
  summary: "Remove a tag",
  tags: ["tags"],
  security: SECURED,
  request: { params: TagParams },
  responses: { 204: { description: "The image no longer has the tag." }, ...errors(403, 404) },
});
