/** Parts that several resources share. */
import { z } from "@hono/zod-openapi";

/** JSON body of an error; `message` holds explanation and detail (docs/reference/images-api.md §6.2). */
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
  404: "It does not exist, or the caller cannot see it.",
  409: "The state of the image, or a duplicate, prevents it.",
  410: "The image was deleted meanwhile.",
  413: "A quota, a size limit or the storage is exceeded.",
  415: "Wrong content type, or data of another format than declared.",
  416: "The range cannot be served.",
  503: "The service or a store is unavailable.",
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

/** The text that is refused, in upstream's words for it. */
type Words = (text: string) => string;

const WHOLE = /^\s*[+-]?\d+\s*$/;

/** A whole number in a query or header; `words` for text that is not one. */
export function wholeNumber(description: string, words: string | Words) {
  const error = typeof words === "string" ? words : ({ input }: { input?: unknown }) => words(String(input));
  return z.string().regex(WHOLE, { error, abort: true }).transform(Number).optional()
    .openapi({ description, type: "integer", minimum: 0 });
}

/** How many on a page, at least `least`; the server caps it by `api_limit_max`. */
export function limit(description: string, least = 0) {
  return z.string().regex(WHOLE, { error: "limit param must be an integer", abort: true }).transform(Number)
    .refine((value) => value >= least, "limit param must be positive").optional()
    .openapi({ description, type: "integer", minimum: least });
}

/** Text in a query. */
export function text(description: string, example?: string) {
  return z.string().optional().openapi({ description, ...(example === undefined ? {} : { example }) });
}

/** One of some words in a query; `also` is accepted and not in the document. */
export function oneOf<const W extends string, const A extends string = never>(
  values: readonly W[],
  words: Words,
  { description, also = [] }: { description?: string; also?: readonly A[] } = {},
) {
  return z.enum([...values, ...also], { error: ({ input }) => words(String(input)) }).optional()
    .openapi({ type: "string", enum: [...values], ...(description === undefined ? {} : { description }) });
}

/** `true` or `false` in a query. */
export function flag(description: string, words: Words) {
  return z.enum(["true", "false"], { error: ({ input }) => words(String(input)) })
    .transform((value) => value === "true").optional().openapi({ description, type: "boolean" });
}

/** A parameter that may come several times. */
export function repeated<T extends z.ZodType>(each: T, description: string) {
  return z.array(each).optional().openapi({ description });
}

export const DIRECTIONS = ["asc", "desc"] as const;

/** The direction of a sort. */
export const sortDir = () =>
  oneOf(DIRECTIONS, (value) => `Invalid sort direction: ${value}`, { description: "asc or desc (default)." });

/** Ids are opaque on lookup: whatever is not found is 404. */
export const ImageIdParam = z.object({
  image_id: z.string().openapi({
    param: { name: "image_id", in: "path" },
    description: "Id of the image.",
    example: "6c7a3a3f-6bb0-4d4d-9b39-1f2f3c7f3f4b",
  }),
});
