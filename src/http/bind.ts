/**
 * Binds a route of the contract to a handler and runs the checks in upstream's order (docs/reference/images-api.md §2.0): an
 * unexpected body, the body's schema. Query and headers are checked when the handler asks for them, because upstream
 * checks some of them late. Below: what a handler answers with; each response contains the request id (§6.5).
 */
import { type RouteConfig, z } from "@hono/zod-openapi";
import type { Context, Hono } from "hono";
import { Buffer } from "node:buffer";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { UNDECODABLE } from "../images/attributes.ts";
import { FORWARDED, type Incoming } from "../images/peer.ts";
import { TextResponse } from "../util/text_response.ts";
import type { Env } from "./env.ts";
import { hasBody, jsonBounds, readJson } from "./json_body.ts";

type Asked<R> = R extends { request: infer Q } ? Q : Record<never, never>;
type Params<R> = Asked<R> extends { params: infer P extends z.ZodType } ? z.output<P> : Record<never, never>;
type Query<R> = Asked<R> extends { query: infer Q extends z.ZodType } ? z.output<Q> : Record<never, never>;
type Headed<R> = Asked<R> extends { headers: infer H extends z.ZodType } ? z.output<H>
  : Record<never, never>;
type Body<R> = Asked<R> extends { body: { content: { "application/json": { schema: infer S } } } }
  ? S extends z.ZodType ? z.output<S> : never
  : undefined;

/** The argument of a handler; path, query, headers and body have the types of the route. */
export interface Call<R = RouteConfig> {
  c: Context<Env>;
  ctx: Ctx;
  request: Request;
  /** The query as it was sent, with parameters that the contract does not name. */
  readonly search: URLSearchParams;
  /** The parsed JSON, checked against the route's schema if it has one. */
  body: Body<R>;
  /** Returns a parameter of the path. */
  param(name: keyof Params<R> & string): string;
  /** Returns the query as the contract defines it. Errors: bad_request. */
  query(): Query<R>;
  /** Returns the headers that the contract names. Errors: bad_request, which closes the connection. */
  headers(): Headed<R>;
}

export type Handler<R = RouteConfig> = (call: Call<R>) => Promise<Response> | Response;

export interface BindOptions {
  /** Name of the schema in error texts, for example `image`. */
  schemaName?: string;
  /** Schema for the body, if it differs from the one in the contract. */
  schema?: z.ZodType;
  /** Authorises the caller before anything of the request is checked. */
  allow?: (ctx: Ctx) => Promise<void>;
  /** Checks the parsed JSON before the schema, for refusals that upstream makes earlier. */
  before?: (body: unknown) => void;
  /** The handler reads the body itself: data, or a media type of its own. */
  rawBody?: boolean;
  /** Ignores an unexpected body instead of refusing it. */
  ignoreBody?: boolean;
}

/** Serves a route of the contract. */
export function bind<R extends RouteConfig>(
  app: Hono<Env>,
  route: R,
  handler: Handler<R>,
  options: BindOptions = {},
): void {
  const schema = options.rawBody ? null : options.schema ?? jsonSchemaOf(route);
  const readers: Readers = {
    readQuery: queryReader(route.request?.query),
    readHeaders: headerReader(route.request?.headers),
  };
  const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
  app.on(route.method.toUpperCase(), path, async (c) => {
    const request = c.req.raw;
    const url = request.url;
    checkUrlEncoding(url);
    const ctx = c.get("ctx");
    await options.allow?.(ctx);
    let body: unknown;
    if (schema) {
      body = await readJson(request, jsonBounds(ctx.deps.config));
      options.before?.(body);
      checkSchema(schema, body, options.schemaName ?? "body");
    } else if (!options.rawBody && !options.ignoreBody && hasBody(request)) {
      fail("bad_request", "A body is not expected with this request.", { close: true });
    }
    // The body was checked by the schema above.
    return await handler(new RoutedCall(c, ctx, body as Body<R>, readers));
  });
}

/** Reads the parts of a request that the contract names. */
interface Readers {
  readQuery(search: URLSearchParams): unknown;
  readHeaders(request: Request): unknown;
}

/** A class: a getter in an object literal costs a hidden class per call, which keeps the whole request in memory. */
class RoutedCall<R> implements Call<R> {
  readonly request: Request;
  readonly #readers: Readers;
  #search: URLSearchParams | undefined;

  constructor(readonly c: Context<Env>, readonly ctx: Ctx, readonly body: Body<R>, readers: Readers) {
    this.request = c.req.raw;
    this.#readers = readers;
  }

  /** Parsed only if used. */
  get search(): URLSearchParams {
    return this.#search ??= queryOf(this.request.url);
  }

  param(name: keyof Params<R> & string): string {
    return this.c.req.param(name as never);
  }

  query(): Query<R> {
    return this.#readers.readQuery(this.search) as Query<R>;
  }

  headers(): Headed<R> {
    return this.#readers.readHeaders(this.request) as Headed<R>;
  }
}

/** Percent-encoded bytes must be UTF-8 (docs/reference/images-api.md §2.13, §4.4, §6.2). Errors: bad_request. */
function checkUrlEncoding(url: string): void {
  if (!url.includes("%")) return;
  try {
    // A stray % is a literal; only complete escapes must decode.
    decodeURIComponent(url.replaceAll(/%(?![0-9a-fA-F]{2})/g, "%25"));
  } catch {
    fail("bad_request", UNDECODABLE);
  }
}

function queryOf(url: string): URLSearchParams {
  const mark = url.indexOf("?");
  return new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
}

/** Reads the parameters of the contract: the last value of each, all values of those that are arrays. */
function queryReader(schema: unknown): (search: URLSearchParams) => unknown {
  if (!(schema instanceof z.ZodObject)) return () => ({});
  const names = Object.entries(schema.shape).map(([name, field]) => {
    const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
    return { name, many: inner instanceof z.ZodArray };
  });
  return (search) => {
    if (search.size === 0) return parse(schema, {}, false);
    const given: Record<string, string | string[]> = {};
    for (const { name, many } of names) {
      const values = search.getAll(name);
      if (values.length > 0) given[name] = many ? values : values.at(-1)!;
    }
    return parse(schema, given, false);
  };
}

function headerReader(schema: unknown): (request: Request) => unknown {
  if (!(schema instanceof z.ZodObject)) return () => ({});
  const names = Object.keys(schema.shape);
  return (request) => {
    const given = names.flatMap((name) => {
      const value = request.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    return parse(schema, Object.fromEntries(given), true);
  };
}

/** Fails with the message of the first issue: messages of the schemas are texts of the API. */
function parse(schema: z.ZodType, value: unknown, close: boolean): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  return fail("bad_request", result.error.issues[0]!.message, { close });
}

function jsonSchemaOf(route: RouteConfig): z.ZodType | null {
  const media = route.request?.body?.content["application/json"];
  return media && "schema" in media ? media.schema as z.ZodType : null;
}

function checkSchema(schema: z.ZodType, body: unknown, name: string): void {
  const result = schema.safeParse(body);
  if (result.success) return;
  const issue = result.error.issues[0]!;
  const where = issue.path.length > 0 ? `'${issue.path.join("/")}': ` : "";
  fail("bad_request", `Provided object does not match schema '${name}': ${where}${issue.message}`);
}

/** The part of a call that a response needs. */
type Answered = { ctx: Pick<Ctx, "requestId"> };

/**
 * Returns a text with its length. Sets headers one by one, which takes half a µs; a constructor with a body and several
 * headers takes 7 to 30.
 */
export function textResponse(text: string, type: string, status = 200): Response {
  const response = new TextResponse(text, status);
  response.headers.set("content-type", type);
  response.headers.set("content-length", String(Buffer.byteLength(text)));
  return response;
}

function jsonResponse(call: Answered, text: string, status: number, more: Record<string, string>): Response {
  const response = textResponse(text, "application/json", status);
  response.headers.set("x-openstack-request-id", call.ctx.requestId);
  for (const name in more) response.headers.set(name, more[name]!);
  return response;
}

/** Returns a JSON body with status 200, or `status`. */
export function json(
  call: Answered,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return jsonResponse(call, JSON.stringify(body), status, headers);
}

/** Returns a 2xx without a body, but with upstream's content type. */
export function empty(call: Answered, status: 202 | 204): Response {
  return new Response(null, {
    status,
    headers: {
      "content-type": "text/html; charset=UTF-8",
      ...(status === 202 ? { "content-length": "0" } : {}),
      "x-openstack-request-id": call.ctx.requestId,
    },
  });
}

/** Returns a JSON body with all non-ASCII characters escaped, as upstream does except for images and members. */
export function asciiJson(call: Answered, body: unknown): Response {
  const text = JSON.stringify(body).replaceAll(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return jsonResponse(call, text, 200, {});
}

/** Returns `first` and `next` of a page; `marker` is its last item, null on the last page. */
export function pageLinks(path: string, search: URLSearchParams, marker: string | null) {
  const first = new URLSearchParams(search);
  first.delete("marker");
  const link = (parameters: URLSearchParams) => {
    const text = parameters.toString();
    return text === "" ? path : `${path}?${text}`;
  };
  const next = new URLSearchParams(first);
  if (marker !== null) next.append("marker", marker);
  return { first: link(first), ...(marker === null ? {} : { next: link(next) }) };
}

const PASSED = ["x-service-token", "x-image-meta-store"];

/** `path` is that of the contract, without the prefix of this worker's address. */
export function incoming(
  { request, body }: Call,
  { method, path }: Pick<Incoming, "method" | "path">,
): Incoming {
  const passed = PASSED.filter((name) => request.headers.has(name));
  return {
    method,
    path,
    headers: Object.fromEntries(passed.map((name) => [name, request.headers.get(name)!])),
    ...(body === undefined ? {} : { body }),
    forwarded: request.headers.has(FORWARDED),
  };
}
