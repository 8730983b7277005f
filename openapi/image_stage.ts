/** /v2/images/{id}/stage: bytes for a later import (docs/reference/images-api.md §2.7). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, ImageIdParam, SECURED } from "./common.ts";
import { ImageSize } from "./image_data.ts";

export const stageImageData = createRoute({
  method: "put",
  path: "/v2/images/{image_id}/stage",
  operationId: "stageImageData",
  summary: "Stage data for the import method glance-direct",
  tags: ["image data"],
  security: SECURED,
  request: {
    params: ImageIdParam,
    headers: z.object({ "x-openstack-image-size": ImageSize }),
    body: {
      required: true,
      content: {
        "application/octet-stream": { schema: z.string().openapi({ type: "string", format: "binary" }) },
      },
    },
  },
  responses: {
    204: { description: "Staged; the image is uploading." },
    ...errors(403, 404, 409, 413, 415, 503),
  },
});
