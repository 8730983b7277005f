/** The image entity and the documents that make and change it (docs/reference/images-api.md §3, §5). */
import { z } from "@hono/zod-openapi";

const UUID = /^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$/;

const MAX_INT32 = 2147483647;
const text = (max: number) => z.string().max(max);
const whole = z.int().min(0).max(MAX_INT32);

const VisibilityField = z.enum(["community", "public", "private", "shared"]).openapi("Visibility");

const StatusField = z.enum([
  "queued",
  "saving",
  "active",
  "killed",
  "deleted",
  "uploading",
  "importing",
  "pending_delete",
  "deactivated",
]).openapi("ImageStatus");

/** Where data lies, as a body shows or takes it. */
export const LocationField = z.object({
  url: text(255),
  metadata: z.record(z.string(), z.unknown()),
}).openapi("Location");

/** Hashes vouched for by the one who adds a location by PATCH. */
const LocationValidationData = z.strictObject({
  checksum: z.string().length(32).optional(),
  os_hash_algo: text(64),
  os_hash_value: text(128),
}).openapi("LocationValidationData");

export const NewLocationField = z.object({
  url: text(255),
  metadata: z.record(z.string(), z.unknown()),
  validation_data: LocationValidationData.optional(),
}).openapi("NewLocation");

/** The attributes a client may give when it makes an image, each by its own schema. */
export const WRITABLE_FIELDS = {
  id: z.string().regex(UUID, "is not a UUID"),
  name: text(255).nullable(),
  visibility: VisibilityField,
  protected: z.boolean(),
  os_hidden: z.boolean(),
  owner: text(255).nullable(),
  tags: z.array(text(255)),
  disk_format: z.string().nullable(),
  container_format: z.string().nullable(),
  min_ram: whole,
  min_disk: whole,
};

/** Attributes that only the service sets, by the schema that upstream checks them with before it refuses them. */
export const READ_ONLY_FIELDS = {
  status: StatusField,
  checksum: text(32).nullable(),
  os_hash_algo: text(64).nullable(),
  os_hash_value: text(128).nullable(),
  size: z.int().nullable(),
  virtual_size: z.int().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  direct_url: z.string(),
  self: z.string(),
  file: z.string(),
  stores: z.string(),
  schema: z.string(),
};

/**
 * Body of POST /v2/images. Other members are additional properties: strings. The document leaves their type out:
 * with it, the types that generators for TypeScript make of it refuse tags and numbers beside them.
 */
export const ImageCreate = z.object(WRITABLE_FIELDS).partial().catchall(
  z.string().nullable(),
).openapi("ImageCreate", { additionalProperties: { description: "An additional property: text or null." } });

/** An image as every answer shows it. */
export const Image = z.object({
  name: text(255).nullable(),
  disk_format: z.string().nullable(),
  container_format: z.string().nullable(),
  visibility: VisibilityField,
  size: z.int().nullable().openapi({ description: "Bytes stored." }),
  virtual_size: z.int().nullable().openapi({ description: "Bytes when expanded." }),
  status: StatusField,
  checksum: text(32).nullable().openapi({ description: "MD5 of the data." }),
  protected: z.boolean(),
  min_ram: whole.openapi({ description: "MiB needed to boot." }),
  min_disk: whole.openapi({ description: "GiB needed to boot." }),
  owner: text(255).nullable(),
  os_hidden: z.boolean(),
  os_hash_algo: text(64).nullable(),
  os_hash_value: text(128).nullable(),
  id: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  locations: z.array(LocationField).optional(),
  direct_url: z.string().optional(),
  tags: z.array(text(255)),
  self: z.string(),
  file: z.string(),
  schema: z.string(),
  stores: z.string().optional().openapi({
    description: "Ids of the stores that hold the data, joined by commas.",
  }),
}).catchall(z.string().nullable().openapi({ description: "An additional property." })).openapi("Image");

export const ImageList = z.object({
  images: z.array(Image),
  first: z.string(),
  schema: z.string(),
  next: z.string().optional(),
}).openapi("ImageList");

/** One operation in the RFC 6902 style. */
export const PatchOperation = z.object({
  op: z.enum(["add", "replace", "remove"]),
  path: z.string(),
  value: z.unknown().optional(),
}).openapi("PatchOperation");

/** One operation in the old draft: the operation's name is the key that holds the path. */
export const PatchOperationV20 = z.union([
  z.object({ add: z.string(), value: z.unknown() }),
  z.object({ replace: z.string(), value: z.unknown() }),
  z.object({ remove: z.string() }),
]).openapi("PatchOperationV20");
