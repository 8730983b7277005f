/** Parts that several resources share. */
import { z } from "@hono/zod-openapi";

/** JSON body of an error; `message` holds explanation and detail (spec/images-api.md §6.2). */
export const ErrorBody = z.object({
  message: z.string().openapi({ example: "No image found with ID 5e1…<br /><br />\n\n\n" }),
  code: z.string().openapi({ example: "404 Not Found" }),
  title: z.string().openapi({ example: "Not Found" }),
}).openapi("Error");

const Text = z.string();

const error = (description: string) => ({
  description,
  content: {
    "application/json": { schema: ErrorBody },
    "text/html": { schema: Text },
    "text/plain": { schema: Text },
  },
});

const DESCRIPTIONS: Record<number, string> = {
  400: "The request is malformed, or breaks the schema.",
  401: "No valid token.",
  403: "Policy, a read-only or reserved attribute, or the state of the image forbids it.",
  404: "Not there, or not visible to the caller.",
  409: "The state of the image, or a twin, stands in the way.",
  410: "The image was deleted meanwhile.",
  413: "A quota, a size limit or the storage is exceeded.",
  415: "Wrong content type, or data of another format than declared.",
  416: "The range cannot be served.",
  503: "The service or a store cannot be used at present.",
};

/** The error answers of a route. Every route can answer 400 and 401. */
export function errors<S extends number>(...statuses: S[]) {
  return Object.fromEntries(
    [400, 401, ...statuses].map((status) => [status, error(DESCRIPTIONS[status] ?? "Error.")]),
  ) as Record<S | 400 | 401, ReturnType<typeof error>>;
}

/** A JSON answer. */
export function json<T extends z.ZodType>(schema: T, description: string, headers?: z.ZodObject) {
  return { description, content: { "application/json": { schema } }, ...(headers ? { headers } : {}) };
}

/** A JSON request body; always required. */
export function jsonBody<T extends z.ZodType>(schema: T, description: string) {
  return { description, required: true, content: { "application/json": { schema } } };
}

/** Every route of the API proper wants a token. */
export const SECURED = [{ token: [] }];

/** Whoever comes. */
export const OPEN: [] = [];

/** An optional number in a query or header. A client knows it as a number; here it is text still. */
export function wholeNumber(description: string) {
  return z.string().optional().openapi({ description, type: "integer", minimum: 0 });
}

/** Ids are opaque on lookup: whatever is not found is 404. */
export const ImageIdParam = z.object({
  image_id: z.string().openapi({
    param: { name: "image_id", in: "path" },
    description: "Id of the image.",
    example: "6c7a3a3f-6bb0-4d4d-9b39-1f2f3c7f3f4b",
  }),
});
