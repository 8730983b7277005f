/** The documents of /v2/schemas about images (docs/reference/schemas.md §2–§4); key order is upstream's. */
import type { ImageSchema } from "./image_schema.ts";

type Json = Record<string, unknown>;

export const UUID_PATTERN =
  "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$";

const nullable = (type: string) => ["null", type];
const readOnly = { readOnly: true };

function baseProperties(schema: ImageSchema): Json {
  return {
    id: { type: "string", pattern: UUID_PATTERN, description: "An identifier for the image" },
    name: { type: nullable("string"), maxLength: 255, description: "A label for people to read" },
    status: {
      type: "string",
      ...readOnly,
      enum: [
        "queued",
        "saving",
        "active",
        "killed",
        "deleted",
        "uploading",
        "importing",
        "pending_delete",
        "deactivated",
      ],
      description: "Where in its life the image is",
    },
    visibility: {
      type: "string",
      enum: ["community", "public", "private", "shared"],
      description: "Who may see the image",
    },
    protected: { type: "boolean", description: "If true, the image cannot be deleted" },
    os_hidden: { type: "boolean", description: "If true, ordinary lists leave the image out" },
    checksum: { type: nullable("string"), ...readOnly, maxLength: 32, description: "MD5 of the data" },
    os_hash_algo: {
      type: nullable("string"),
      ...readOnly,
      maxLength: 64,
      description: "Name of the hash that os_hash_value is made with",
    },
    os_hash_value: {
      type: nullable("string"),
      ...readOnly,
      maxLength: 128,
      description: "Hexadecimal digest of the data by os_hash_algo",
    },
    owner: { type: nullable("string"), maxLength: 255, description: "Project that owns the image" },
    size: { type: nullable("integer"), ...readOnly, description: "Bytes stored" },
    virtual_size: { type: nullable("integer"), ...readOnly, description: "Bytes when expanded" },
    container_format: {
      type: nullable("string"),
      enum: [null, ...schema.containerFormats],
      description: "Format of the container around the disk",
    },
    disk_format: {
      type: nullable("string"),
      enum: [null, ...schema.diskFormats],
      description: "Format of the disk",
    },
    created_at: { type: "string", ...readOnly, description: "When the image was made" },
    updated_at: { type: "string", ...readOnly, description: "When the image was last changed" },
    tags: {
      type: "array",
      items: { type: "string", maxLength: 255 },
      description: "Labels to find the image by",
    },
    direct_url: { type: "string", ...readOnly, description: "Where the data lies in the back end" },
    min_ram: { type: "integer", description: "Memory (MB) needed to boot" },
    min_disk: { type: "integer", description: "Disk (GB) needed to boot" },
    self: { type: "string", ...readOnly, description: "Link to the image" },
    file: { type: "string", ...readOnly, description: "Link to the data" },
    stores: { type: "string", ...readOnly, description: "Ids of the stores that hold the data" },
    schema: { type: "string", ...readOnly, description: "Link to this schema" },
    locations: {
      type: "array",
      items: {
        type: "object",
        properties: {
          url: { type: "string", maxLength: 255 },
          metadata: { type: "object" },
          validation_data: {
            type: "object",
            writeOnly: true,
            description: "Hashes that the data at the location is known to have",
            additionalProperties: false,
            properties: {
              checksum: { type: "string", minLength: 32, maxLength: 32 },
              os_hash_algo: { type: "string", maxLength: 64 },
              os_hash_value: { type: "string", maxLength: 128 },
            },
            required: ["os_hash_algo", "os_hash_value"],
          },
        },
        required: ["url", "metadata"],
      },
      description: "Where the data lies, with metadata",
    },
  };
}

/** `/v2/schemas/image`. */
export function imageDocument(schema: ImageSchema): Json {
  const custom = [...schema.custom].map(([name, fragment]) => [name, { ...fragment, is_base: false }]);
  return {
    name: "image",
    properties: { ...baseProperties(schema), ...Object.fromEntries(custom) },
    additionalProperties: { type: "string" },
    ...(schema.required.length > 0 ? { required: schema.required } : {}),
    links: [
      { rel: "self", href: "{self}" },
      { rel: "enclosure", href: "{file}" },
      { rel: "describedby", href: "{schema}" },
    ],
  };
}

/** `/v2/schemas/images`. */
export function imagesDocument(schema: ImageSchema): Json {
  return {
    name: "images",
    properties: {
      images: { type: "array", items: imageDocument(schema) },
      first: { type: "string" },
      next: { type: "string" },
      schema: { type: "string" },
    },
    links: [
      { rel: "first", href: "{first}" },
      { rel: "next", href: "{next}" },
      { rel: "describedby", href: "{schema}" },
    ],
  };
}

/** `/v2/schemas/member`. */
export function memberDocument(): Json {
  return {
    name: "member",
    properties: {
      member_id: { type: "string", description: "Project the image is shared with" },
      image_id: { type: "string", pattern: UUID_PATTERN, description: "The shared image" },
      created_at: { type: "string", description: "When the image was shared" },
      updated_at: { type: "string", description: "When the membership was last changed" },
      status: {
        type: "string",
        enum: ["pending", "accepted", "rejected"],
        description: "What the project says to the offer",
      },
      schema: { readOnly: true, type: "string" },
    },
  };
}

/** `/v2/schemas/members`. */
export function membersDocument(): Json {
  return {
    name: "members",
    properties: { members: { type: "array", items: memberDocument() }, schema: { type: "string" } },
    links: [{ rel: "describedby", href: "{schema}" }],
  };
}
