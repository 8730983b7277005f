/** /v2/images/{id}/actions (docs/reference/images-api.md §2.12). */
import { createRoute } from "@hono/zod-openapi";
import { errors, ImageIdParam, SECURED } from "./common.ts";

export const deactivateImage = createRoute({
  method: "post",
  path: "/v2/images/{image_id}/actions/deactivate",
  operationId: "deactivateImage",
  summary: "Block the data of an image for all but administrators",
  tags: ["actions"],
  security: SECURED,
  request: { params: ImageIdParam },
  responses: { 204: { description: "Deactivated." }, ...errors(403, 404, 409) },
});

export const reactivateImage = createRoute({
  method: "post",
  path: "/v2/images/{image_id}/actions/reactivate",
  operationId: "reactivateImage",
  summary: "Unblock the data of an image",
  tags: ["actions"],
  security: SECURED,
  request: { params: ImageIdParam },
  responses: { 204: { description: "Active." }, ...errors(403, 404, 409) },
});
