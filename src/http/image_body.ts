/** The body of POST /v2/images as the verb wants it (spec/images-api.md §2.1). */
import { z } from "zod";
import { NewLocationField, READ_ONLY_FIELDS, WRITABLE_FIELDS } from "../../openapi/image.ts";
import { fail } from "../errors.ts";
import {
  checkPropertyName,
  isReadOnlyOnCreate,
  isReserved,
  isWritable,
  refuseBeyondBmp,
} from "../images/attributes.ts";
import type { CreateInput } from "../images/create.ts";
import type { ImageSchema } from "../images/image_schema.ts";

/**
 * What a body is checked by. Unlike the contract it knows the attributes that a client may not set: upstream looks
 * at their types before it refuses them. Additional properties are checked one by one, by `schema-image.json`.
 */
export const CREATE_SCHEMA = z.looseObject({
  ...WRITABLE_FIELDS,
  ...READ_ONLY_FIELDS,
  locations: z.array(NewLocationField),
}).partial();

/** Refused before the schema looks: links can never be given. */
const DISALLOWED = ["direct_url", "self", "file", "schema", "stores"];

/** Errors: forbidden for a link attribute. */
export function refuseLinks(body: unknown): void {
  if (Array.isArray(body)) {
    fail("bad_request", "Provided object does not match schema 'image': an object is expected");
  }
  const name = DISALLOWED.find((link) => Object.hasOwn(body as object, link));
  if (name !== undefined) fail("forbidden", `Attribute '${name}' is read-only.`);
}

/** Sorts the members of a body that passed the contract. Errors: bad_request, forbidden. */
export function createInput(body: Record<string, unknown>, schema: ImageSchema): CreateInput {
  const columns: Record<string, unknown> = {};
  const properties: [string, string | null][] = [];
  const readOnly: string[] = [];
  const names = Object.keys(body);
  for (const name of names) if (!isWritable(name)) checkPropertyName(name);
  for (const [name, value] of Object.entries(body)) {
    if (name === "id" || name === "tags") continue;
    if (isWritable(name)) columns[name] = value;
    else if (isReadOnlyOnCreate(name)) readOnly.push(name);
    else if (name !== "locations") properties.push([name, schema.checkProperty(name, value)]);
  }
  schema.checkFormat("disk_format", columns.disk_format);
  schema.checkFormat("container_format", columns.container_format);
  schema.checkRequired(new Set(names));
  const reserved = names.find((name) => name === "locations" || isReserved(name));
  if (reserved !== undefined) fail("forbidden", `Attribute '${reserved}' is reserved.`, { form: "detail" });
  const tags = (body.tags ?? []) as string[];
  refuseBeyondBmp(columns.name as string, columns.owner as string, ...tags);
  return {
    ...(body.id === undefined ? {} : { id: body.id as string }),
    columns,
    tags,
    properties: Object.fromEntries(properties),
    readOnly,
  };
}
