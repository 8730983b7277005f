/** /v2/images/{id}/file: the bytes (docs/reference/images-api.md §2.6). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, ImageIdParam, SECURED, wholeNumber } from "./common.ts";

const Bytes = z.string().openapi({ type: "string", format: "binary" });

const DataHeaders = z.object({
  "Content-Length": z.string().openapi({ type: "integer" }),
  "Content-MD5": z.string().optional().openapi({ description: "MD5 of the whole image, in hexadecimal." }),
});

/** What an upload or stage declares; upstream's words for what is not a size. */
export const ImageSize = wholeNumber(
  "Expected bytes; 0 = unknown.",
  (value) => `The image size '${value}' is not an integer.`,
).refine((size) => size === undefined || size >= 0, {
  error: ({ input }) => `The image size ${input} is negative.`,
});

export const uploadImageData = createRoute({
  method: "put",
  path: "/v2/images/{image_id}/file",
  operationId: "uploadImageData",
  summary: "Upload the data of an image",
  tags: ["image data"],
  security: SECURED,
  request: {
    params: ImageIdParam,
    headers: z.object({
      "x-openstack-image-size": ImageSize,
      "x-image-meta-store": z.string().optional().openapi({ description: "Id of the store to write to." }),
    }),
    body: { required: true, content: { "application/octet-stream": { schema: Bytes } } },
  },
  responses: {
    204: { description: "Stored; the image is active." },
    ...errors(403, 404, 409, 410, 413, 415, 503),
  },
});

export const downloadImageData = createRoute({
  method: "get",
  path: "/v2/images/{image_id}/file",
  operationId: "downloadImageData",
  summary: "Download the data of an image",
  tags: ["image data"],
  security: SECURED,
  request: {
    params: ImageIdParam,
    headers: z.object({ range: z.string().optional(), "content-range": z.string().optional() }),
    query: z.object({
      prefer: z.string().optional().openapi({ description: "Store ids to try first, joined by commas." }),
    }),
  },
  responses: {
    200: {
      description: "All bytes.",
      headers: DataHeaders,
      content: { "application/octet-stream": { schema: Bytes } },
    },
    204: { description: "The image has no data." },
    206: {
      description: "The bytes of the range.",
      headers: DataHeaders.extend({ "Content-Range": z.string() }),
      content: { "application/octet-stream": { schema: Bytes } },
    },
    ...errors(403, 404, 416, 503),
  },
});
