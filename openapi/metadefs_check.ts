/** /v2/images/{id}/metadefs-check: an extension of ours (docs/metadefs.md). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, ImageIdParam, json, SECURED } from "./common.ts";

const MetadefsCheck = z.strictObject({
  image_id: z.string(),
  known: z.array(z.strictObject({ name: z.string(), namespaces: z.array(z.string()) })).openapi({
    description: "Properties that are as a namespace defines them.",
  }),
  unknown: z.array(z.string()).openapi({ description: "Names that no namespace defines." }),
  broken: z.array(z.strictObject({
    name: z.string(),
    value: z.string(),
    problems: z.array(z.strictObject({
      namespace: z.string(),
      object: z.string().nullable(),
      problem: z.string(),
    })),
  })).openapi({ description: "Properties that are defined but invalid." }),
}).openapi("MetadefsCheck");

export const checkMetadefs = createRoute({
  method: "get",
  path: "/v2/images/{image_id}/metadefs-check",
  operationId: "checkImageMetadefs",
  summary: "Check the properties of an image against the metadata definitions",
  tags: ["metadefs"],
  security: SECURED,
  request: { params: ImageIdParam },
  responses: { 200: json(MetadefsCheck, "What is known, unknown and broken."), ...errors(403, 404) },
});
