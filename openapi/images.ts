/** /v2/images: records (spec/images-api.md §2.1–2.5, §4, §5). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, ImageIdParam, json, jsonBody, SECURED, wholeNumber } from "./common.ts";
import { Image, ImageCreate, ImageList, PatchOperation, PatchOperationV20 } from "./image.ts";

export const PATCH_V21 = "application/openstack-images-v2.1-json-patch";
export const PATCH_V20 = "application/openstack-images-v2.0-json-patch";

const optional = (description: string, example?: string) =>
  z.string().optional().openapi({ description, ...(example === undefined ? {} : { example }) });

const list = (description: string) =>
  z.string().optional().openapi({ description, type: "array", items: { type: "string" } });

const choice = (description: string) => z.string().optional().openapi({ description, type: "boolean" });

/** The named filters, as a client gives them: the text of each is read, and refused, as upstream does. */
export const ImageListQueryParams = z.looseObject({
  limit: wholeNumber("Images on a page; capped by api_limit_max."),
  marker: optional("Id of the last image of the page before."),
  sort: optional("Keys with directions.", "name:asc,created_at:desc"),
  sort_key: list("Keys to sort by."),
  sort_dir: list("asc or desc; one for all keys or one each."),
  name: optional("Exact, or with an operator.", "in:cirros,debian"),
  id: optional("Exact, or with an operator."),
  status: optional("Exact, or with an operator.", "active"),
  visibility: optional("public, private, shared, community or all."),
  member_status: optional("accepted (default), pending, rejected or all."),
  owner: optional("Project id."),
  protected: choice("Only those that are, or are not."),
  os_hidden: choice("true shows only hidden images; default false."),
  tag: list("All must be there."),
  disk_format: optional("Exact, or with an operator."),
  container_format: optional("Exact, or with an operator."),
  size_min: wholeNumber("Bytes, inclusive."),
  size_max: wholeNumber("Bytes, inclusive."),
  created_at: optional("With an operator.", "gte:2026-01-01T00:00:00Z"),
  updated_at: optional("With an operator."),
});

/** Any other parameter filters by an additional property (§4.4); zod's objects cannot say how it is written. */
const PROPERTY_FILTERS = {
  name: "properties",
  in: "query",
  description:
    "Additional properties and the value of each, every one a parameter of its own (os_distro=debian); " +
    "the name of this object is not sent.",
  required: false,
  style: "form",
  explode: true,
  schema: { type: "object", additionalProperties: { type: "string" } },
  example: { os_distro: "debian" },
} as const;

export const listImages = createRoute({
  method: "get",
  path: "/v2/images",
  operationId: "listImages",
  summary: "List images",
  tags: ["images"],
  security: SECURED,
  request: { query: ImageListQueryParams },
  parameters: [PROPERTY_FILTERS],
  responses: { 200: json(ImageList, "A page of images."), ...errors(403) },
});

export const createImage = createRoute({
  method: "post",
  path: "/v2/images",
  operationId: "createImage",
  summary: "Create an image record",
  tags: ["images"],
  security: SECURED,
  request: { body: jsonBody(ImageCreate, "Attributes and additional properties.") },
  responses: {
    201: json(
      Image,
      "The new image.",
      z.object({
        Location: z.string(),
        "OpenStack-image-import-methods": z.string().optional(),
        "OpenStack-image-store-ids": z.string().optional(),
      }),
    ),
    ...errors(403, 409, 413),
  },
});

export const showImage = createRoute({
  method: "get",
  path: "/v2/images/{image_id}",
  operationId: "showImage",
  summary: "Show an image",
  tags: ["images"],
  security: SECURED,
  request: { params: ImageIdParam },
  responses: { 200: json(Image, "The image."), ...errors(404) },
});

export const updateImage = createRoute({
  method: "patch",
  path: "/v2/images/{image_id}",
  operationId: "updateImage",
  summary: "Change an image",
  tags: ["images"],
  security: SECURED,
  request: {
    params: ImageIdParam,
    body: {
      description: "Operations, applied in order, all or none.",
      required: true,
      content: {
        [PATCH_V21]: { schema: z.array(PatchOperation) },
        [PATCH_V20]: { schema: z.array(PatchOperationV20) },
      },
    },
  },
  responses: { 200: json(Image, "The image as it is now."), ...errors(403, 404, 409, 413, 415) },
});

export const deleteImage = createRoute({
  method: "delete",
  path: "/v2/images/{image_id}",
  operationId: "deleteImage",
  summary: "Delete an image",
  tags: ["images"],
  security: SECURED,
  request: { params: ImageIdParam },
  responses: { 204: { description: "Deleted." }, ...errors(403, 404, 409) },
});
