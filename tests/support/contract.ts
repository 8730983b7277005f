/** Compares responses with the contract: the service sends only what is documented. */
import assert from "node:assert/strict";
import type { RouteConfig, z } from "@hono/zod-openapi";
import { ROUTES } from "../../openapi/document.ts";
import { ErrorBody } from "../../openapi/common.ts";

interface ResponseConfig {
  content?: Record<string, { schema: unknown }>;
}

/** Statuses that any request can get, so that no route documents them. */
const ANYWHERE = [401, 405, 431, 499, 500, 501, 503];

const patterns = (ROUTES as readonly RouteConfig[]).map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
}));

/** Returns the contract's route for a request. A path without parameters wins over one with parameters. */
export function routeOf(method: string, path: string): RouteConfig | undefined {
  const bare = path.split("?", 1)[0]!;
  const fits = patterns.filter(({ route, pattern }) =>
    route.method === method.toLowerCase() && pattern.test(bare)
  );
  return (fits.find(({ route }) => route.path === bare) ?? fits[0])?.route;
}

/** Fails the test when the contract does not document this response for the request. */
export function checkAnswer(method: string, path: string, response: Response, text: string): void {
  const { status, headers } = response;
  const type = headers.get("content-type")?.split(";", 1)[0] ?? "";
  const route = routeOf(method, path);
  if (status >= 400 && route?.operationId !== "showHealth") {
    assert.ok(["application/json", "text/html", "text/plain"].includes(type), `error as ${type}`);
    if (type === "application/json") parse(ErrorBody, text, "the error body");
  }
  if (!route || ANYWHERE.includes(status)) return;
  const documented = (route.responses as Record<number, ResponseConfig>)[status];
  assert.ok(documented, `${route.operationId}: status ${status} is not documented`);
  const media = documented.content?.[type];
  assert.ok(text === "" || media, `${route.operationId}: ${status} as ${type} is not documented`);
  if (type === "application/json" && media) {
    parse(media.schema as z.ZodType, text, `${route.operationId} ${status}`);
  }
}

function parse(schema: z.ZodType, text: string, what: string): void {
  const result = schema.safeParse(JSON.parse(text));
  assert.ok(result.success, `${what} breaks the contract: ${result.error?.message}`);
}
