/** First checks of the body of POST /v2/images (docs/reference/images-api.md §2.1). */
import { z } from "zod";
import { NewLocationField, READ_ONLY_FIELDS, WRITABLE_FIELDS } from "../../openapi/image.ts";
import { fail } from "../errors.ts";

/**
 * The schema of the body. Unlike the contract it contains the read-only attributes: upstream checks their types before
 * it refuses them. Additional properties are checked one by one, by `schema-image.json`.
 */
export const CREATE_SCHEMA = z.looseObject({
  ...WRITABLE_FIELDS,
  ...READ_ONLY_FIELDS,
  locations: z.array(NewLocationField),
}).partial();

/** Links, which are refused before the schema is checked. */
const DISALLOWED = ["direct_url", "self", "file", "schema", "stores"];

/** Errors: forbidden for a link attribute. */
export function refuseLinks(body: unknown): void {
  if (Array.isArray(body)) {
    fail("bad_request", "Provided object does not match schema 'image': an object is expected");
  }
  const name = DISALLOWED.find((link) => Object.hasOwn(body as object, link));
  if (name !== undefined) fail("forbidden", `Attribute '${name}' is read-only.`);
}
