/**
 * Binds a route of the contract to a handler: the checks that stand between them, in upstream's order
 * (spec/images-api.md §2.0): body where none is meant, body and its schema, query.
 */
import type { RouteConfig, z } from "@hono/zod-openapi";
import type { Context, Hono } from "hono";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Env } from "./env.ts";
import { hasBody, jsonBounds, readJson } from "./json_body.ts";
import { checkUrlEncoding } from "./url_encoding.ts";

/** What a handler gets. `body` is the parsed JSON, checked against the route's schema when it has one. */
export interface Call {
  c: Context<Env>;
  ctx: Ctx;
  request: Request;
  query: URLSearchParams;
  body: unknown;
  param(name: string): string;
}

export type Handler = (call: Call) => Promise<Response> | Response;

export interface BindOptions {
  /** Name of the document in the text of a schema error, for example `image`. */
  schemaName?: string;
  /** What the body is checked by, where it is more than the contract tells clients. */
  schema?: z.ZodType;
  /** Takes the parsed JSON before the schema does: refusals that upstream makes earlier. */
  before?: (body: unknown) => void;
  /** The handler reads the body itself: data, or a media type of its own. */
  rawBody?: boolean;
  /** Ignores a body where none is meant instead of refusing it. */
  ignoreBody?: boolean;
}

/** Serves a route of the contract. */
export function bind(app: Hono<Env>, route: RouteConfig, handler: Handler, options: BindOptions = {}): void {
  const schema = options.rawBody ? null : options.schema ?? jsonSchemaOf(route);
  const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
  app.on(route.method.toUpperCase(), path, async (c) => {
    const request = c.req.raw;
    const url = request.url;
    checkUrlEncoding(url);
    const ctx = c.get("ctx");
    let body: unknown;
    if (schema) {
      body = await readJson(request, jsonBounds(ctx.deps.config));
      options.before?.(body);
      checkSchema(schema, body, options.schemaName ?? "body");
    } else if (!options.rawBody && !options.ignoreBody && hasBody(request)) {
      fail("bad_request", "A body is not expected with this request.", { close: true });
    }
    const param = (name: string) => c.req.param(name as never) as unknown as string;
    let query: URLSearchParams | undefined;
    return await handler({
      c,
      ctx,
      request,
      // Made for those who look.
      get query() {
        return query ??= queryOf(url);
      },
      body,
      param,
    });
  });
}

function queryOf(url: string): URLSearchParams {
  const mark = url.indexOf("?");
  return new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
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
