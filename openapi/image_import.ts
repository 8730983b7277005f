/** /v2/images/{id}/import (docs/reference/images-api.md §2.8). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, ImageIdParam, jsonBody, SECURED } from "./common.ts";

const Method = z.looseObject({
  name: z.string().openapi({
    description: "glance-direct, web-download, copy-image or glance-download, where enabled.",
  }),
  uri: z.unknown().optional().openapi({ type: "string", description: "web-download: where the data is." }),
  glance_region: z.string().optional().openapi({
    description: "glance-download: region of the other service.",
  }),
  glance_image_id: z.string().optional().openapi({
    description: "glance-download: id of the image in that service.",
  }),
  glance_service_interface: z.string().optional().openapi({
    description: "glance-download: which endpoint of the catalog; default public.",
  }),
});

/** Unknown members are ignored. */
const ImportBody = z.looseObject({
  method: Method,
  stores: z.array(z.string()).optional().openapi({ description: "Ids of the stores to write to." }),
  all_stores: z.boolean().optional().openapi({ description: "Write to every store that takes data." }),
  all_stores_must_succeed: z.boolean().optional().openapi({
    description: "Default true: one store that fails undoes the import.",
  }),
  expected_hash: z.object({ algorithm: z.string(), value: z.string() }).optional().openapi({
    description:
      "An extension of oneglance: the data must have this hash (md5, sha1, sha224, sha256, sha384 or sha512, in " +
      "hexadecimal) before the image becomes active.",
  }),
}).openapi("ImageImport");

export const importImage = createRoute({
  method: "post",
  path: "/v2/images/{image_id}/import",
  operationId: "importImage",
  summary: "Import the data of an image by a task",
  tags: ["images"],
  security: SECURED,
  request: {
    params: ImageIdParam,
    headers: z.object({
      "x-image-meta-store": z.string().optional().openapi({ description: "Id of the store to write to." }),
    }),
    body: jsonBody(ImportBody, "How, and to which stores."),
  },
  responses: { 202: { description: "A task does it." }, ...errors(403, 404, 409, 413) },
});
