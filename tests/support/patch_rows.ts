/** Rows for scenario tables about PATCH, and the operations of their documents. */
import { queued } from "./images.ts";
import type { Row } from "./scenario.ts";
import { PATCH_TYPE, type Who } from "./service.ts";

/** Deviations from the default: OWNER changes a new image of its own in the v2.1 dialect. */
interface Asked {
  given?: Row["given"];
  who?: Who;
  type?: string;
  then?: Row["then"];
}

const patch = (name: string, body: unknown[], more: Asked = {}) => ({
  name,
  given: more.given ?? queued({ name: "n", tags: ["t"], kind: "v" }),
  ...(more.who ? { who: more.who } : {}),
  ask: "PATCH /v2/images/{id}",
  headers: { "content-type": more.type ?? PATCH_TYPE },
  body,
  ...(more.then ? { then: more.then } : {}),
});
/** A document that the service applies; the response holds at least `json`. */
export const changes = (name: string, body: unknown[], json: unknown, more: Asked = {}): Row => ({
  ...patch(name, body, more),
  status: 200,
  json,
});
/** A document that the service refuses; the response contains these texts. */
export const refuses = (
  status: number,
  name: string,
  body: unknown[],
  has: Row["has"],
  more: Asked = {},
): Row => ({
  ...patch(name, body, more),
  status,
  has: has!,
});
export const replace = (path: string, value: unknown) => ({ op: "replace", path, value });
export const add = (path: string, value: unknown) => ({ op: "add", path, value });
export const remove = (path: string) => ({ op: "remove", path });
