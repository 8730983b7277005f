/** What the body of POST /v2/images is checked by before its members are looked at (spec/images-api.md §2.1). */
import { z } from "zod";
import { NewLocationField, READ_ONLY_FIELDS, WRITABLE_FIELDS } from "../../openapi/image.ts";
import { fail } from "../errors.ts";

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
