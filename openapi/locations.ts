/** /v2/images/{id}/locations, /v2/stores/{store}/{id} (docs/reference/images-api.md §2.10, §2.11). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, ImageIdParam, json, jsonBody, SECURED } from "./common.ts";
import { LocationField } from "./image.ts";

const HashValidation = z.strictObject({
  os_hash_algo: z.enum(["sha1", "sha256", "sha512", "md5"]).optional(),
  os_hash_value: z.string().max(128).optional(),
}).refine(
  ({ os_hash_algo, os_hash_value }) => (os_hash_algo === undefined) === (os_hash_value === undefined),
  { message: "os_hash_algo and os_hash_value go together" },
).openapi("HashValidation");

const LocationCreate = z.object({
  url: z.string(),
  validation_data: HashValidation.optional(),
}).openapi("LocationCreate");

export const listLocations = createRoute({
  method: "get",
  path: "/v2/images/{image_id}/locations",
  operationId: "listLocations",
  summary: "List the locations of an image",
  tags: ["locations"],
  security: SECURED,
  request: { params: ImageIdParam },
  responses: { 200: json(z.array(LocationField), "The locations."), ...errors(403, 404) },
});

export const addLocation = createRoute({
  method: "post",
  path: "/v2/images/{image_id}/locations",
  operationId: "addLocation",
  summary: "Add a location to a queued image",
  tags: ["locations"],
  security: SECURED,
  request: { params: ImageIdParam, body: jsonBody(LocationCreate, "The location and its expected hash.") },
  responses: { 202: { description: "A task checks and stores it." }, ...errors(403, 404, 409) },
});

export const deleteFromStore = createRoute({
  method: "delete",
  path: "/v2/stores/{store_id}/{image_id}",
  operationId: "deleteFromStore",
  summary: "Delete the copy of an image in one store",
  tags: ["locations"],
  security: SECURED,
  request: {
    params: ImageIdParam.extend({
      store_id: z.string().openapi({ param: { name: "store_id", in: "path" } }),
    }),
  },
  responses: { 204: { description: "Deleted there." }, ...errors(403, 404, 409) },
});
