/** /v2/images: records (docs/reference/images-api.md §2.1–2.5, §4, §5). */
import { createRoute, z } from "@hono/zod-openapi";
import {
  DIRECTIONS,
  errors,
  flag,
  ImageIdParam,
  json,
  jsonBody,
  limit,
  oneOf,
  repeated,
  SECURED,
  text,
  wholeNumber,
} from "./common.ts";
import { Image, ImageCreate, ImageList, PatchOperation, PatchOperationV20 } from "./image.ts";
import { parseTime } from "./times.ts";

export const PATCH_V21 = "application/openstack-images-v2.1-json-patch";
export const PATCH_V20 = "application/openstack-images-v2.0-json-patch";

const SORT_KEYS = [
  "name",
  "status",
  "container_format",
  "disk_format",
  "size",
  "id",
  "created_at",
  "updated_at",
] as const;

const badKey = (key: string) =>
  `Invalid sort key: ${key}. It must be one of the following: ${SORT_KEYS.join(", ")}.`;
const badDirection = (dir: string) => `Invalid sort direction: ${dir}`;

/** One key of a sort, in either syntax. */
export const SortKey = z.enum(SORT_KEYS, { error: ({ input }) => badKey(String(input)) });
/** Its direction. */
export const SortDirection = z.enum(DIRECTIONS, { error: ({ input }) => badDirection(String(input)) });

const badFlag = (name: string) => (value: string) =>
  `Invalid value '${value}' for '${name}' filter. Valid values are 'true' or 'false'.`;

const bound = (description: string) =>
  wholeNumber(description, "Unable to filter on a range with a non-numeric value.");

const TIME_OPERATORS = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;

/** `gte:2026-01-01T00:00:00Z`; no operator means equal. Upstream's words for what is neither. */
function time(description: string, example?: string) {
  return z.string().transform((value, context) => {
    const whole = parseTime(value);
    if (whole !== null) return { op: "eq" as const, time: whole };
    const mark = value.indexOf(":");
    const operator = mark < 0 ? "eq" : value.slice(0, mark);
    const op = TIME_OPERATORS.find((known) => known === operator);
    const moment = parseTime(value.slice(mark + 1));
    if (op && moment !== null) return { op, time: moment };
    const message = op
      ? "Invalid time format: an ISO 8601 time is expected."
      : "Unable to filter on a unknown operator.";
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }).optional().openapi({ type: "string", description, ...(example === undefined ? {} : { example }) });
}

/** The named parameters of a list; of several that are wrong the first is refused. */
export const ImageListQueryParams = z.object({
  limit: limit("Images on a page; capped by api_limit_max."),
  marker: text("Id of the last image of the page before."),
  sort: text("Keys with directions.", "name:asc,created_at:desc"),
  sort_key: repeated(SortKey, "Keys to sort by."),
  sort_dir: repeated(SortDirection, "One for all keys or one each."),
  name: text("Exact, or with an operator.", "in:cirros,debian"),
  id: text("Exact, or with an operator."),
  status: text("Exact, or with an operator.", "active"),
  visibility: oneOf(
    ["public", "private", "shared", "community", "all"],
    (value) => `Invalid visibility value: ${value}`,
    { also: [""] },
  ),
  member_status: oneOf(
    ["accepted", "pending", "rejected", "all"],
    (value) => `Invalid status: ${value}`,
    { description: "Of the caller's membership in shared images; default accepted." },
  ),
  owner: text("Project id."),
  protected: flag("Only those that are, or are not.", badFlag("protected")),
  os_hidden: z.string().toLowerCase()
    .pipe(z.enum(["true", "false"], { error: ({ input }) => badFlag("os_hidden")(String(input)) }))
    .transform((value) => value === "true").optional()
    .openapi({ type: "boolean", description: "true shows only hidden images; default false." }),
  tag: repeated(z.string(), "All must be there."),
  disk_format: text("Exact, or with an operator."),
  container_format: text("Exact, or with an operator."),
  size_min: bound("Bytes, inclusive."),
  size_max: bound("Bytes, inclusive."),
  created_at: time("With an operator.", "gte:2026-01-01T00:00:00Z"),
  updated_at: time("With an operator."),
  virtual_size_min: bound("Bytes, inclusive."),
  virtual_size_max: bound("Bytes, inclusive."),
  min_ram_min: bound("MiB, inclusive."),
  min_ram_max: bound("MiB, inclusive."),
  min_disk_min: bound("GiB, inclusive."),
  min_disk_max: bound("GiB, inclusive."),
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
