/** Rows for scenario tables about new images. */
import type { Row } from "./scenario.ts";
import { OWNER, type Who } from "./service.ts";

/** A body that creates an image; the response holds at least `json`. */
export const makes = (name: string, body: unknown, json: unknown = body, who: Who = OWNER): Row => ({
  name,
  who,
  ask: "POST /v2/images",
  body,
  status: 201,
  json,
});
/** A body that the service refuses; the response contains these texts. */
export const refuses = (
  status: number,
  name: string,
  body: unknown,
  has: string | string[] = [],
  who: Who = OWNER,
): Row => ({
  name,
  who,
  ask: "POST /v2/images",
  body,
  status,
  has,
});
