/** Rows of tables about new images. */
import type { Row } from "./scenario.ts";
import { OWNER, type Who } from "./service.ts";

/** A body that makes an image; the answer holds at least `json`. */
export const makes = (name: string, body: unknown, json: unknown = body, who: Who = OWNER): Row => ({
  name,
  who,
  ask: "POST /v2/images",
  body,
  status: 201,
  json,
});
/** A body that is refused with texts in the answer. */
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
