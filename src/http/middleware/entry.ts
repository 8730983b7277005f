/** What every request passes first: request id, CORS, OPTIONS, errors, the access log (docs/reference/images-api.md §2.0, §6); then, under /v2, the look at who calls. */
import { createMiddleware } from "hono/factory";
import type { Deps } from "../../deps.ts";
import { fail, GlanceError } from "../../errors.ts";
import { logAccess } from "../../observe/access_log.ts";
import { newLogContext, setIdentity, withLogContext } from "../../observe/context.ts";
import { isExpected } from "../../observe/expected.ts";
import { getLog } from "../../observe/log.ts";
import { shortened } from "../../observe/log_format.ts";
import { type Env, requestBase } from "../env.ts";
import { givenId, isTooLong, markAnswer, requestIdOf } from "../every_answer.ts";
import { pathOf } from "../versions.ts";
import { errorResponse } from "../view/error.ts";
import { makeCors } from "./cors.ts";

const log = getLog("oneglance.http");

/** Longest method and path in log lines, in characters. */
const MAX_WORK = 256;

/** Wraps every request; its log lines get its context. */
export function entry(deps: Deps) {
  const cors = makeCors(deps.config);
  const trusted = deps.config.get("oslo_middleware.enable_proxy_headers_parsing");
  const idLimit = deps.config.get("DEFAULT.max_request_id_length");
  return createMiddleware<Env>((c, next) => {
    const started = performance.now();
    const request = c.req.raw;
    const base = requestBase(request, c.env?.peer ?? "127.0.0.1", trusted);
    const given = givenId(request);
    const requestId = requestIdOf(given, idLimit);
    const context = newLogContext(requestId, shortened(`${request.method} ${c.req.path}`, MAX_WORK));
    c.set("base", base);
    c.set("requestId", requestId);
    c.set("logContext", context);
    return withLogContext(context, async () => {
      if (request.method === "OPTIONS") {
        c.res = new Response(null, {
          status: 200,
          headers: { "content-length": "0", ...cors?.preflight(request) },
        });
      } else {
        if (isTooLong(given, idLimit)) {
          c.res = errorResponse(
            new GlanceError(
              "header_too_large",
              `X-OpenStack-Request-ID is longer than ${idLimit} characters.`,
            ),
            request,
          );
        } else await next();
        const origin = cors && request.headers.get("origin");
        if (origin) {
          for (const [name, value] of Object.entries(cors.simple(origin))) c.res.headers.append(name, value);
        }
      }
      markAnswer(c.res, requestId);
      record(c, started, base.client);
    });
  });
}

/** Writes the access line: at once for a response in memory, for a stream when it was sent. */
// deno-lint-ignore no-explicit-any
function record(c: any, started: number, client: string): void {
  const { res } = c as { res: Response };
  const request: Request = c.req.raw;
  const mark = request.url.indexOf("/", 8);
  const line = (status: number) =>
    logAccess({
      peer: client,
      method: request.method,
      path: mark < 0 ? "/" : request.url.slice(mark),
      protocol: "HTTP/1.1",
      status,
      bytes: request.method === "HEAD" ? 0 : Number(res.headers.get("content-length") ?? 0),
      seconds: (performance.now() - started) / 1000,
      context: c.get("logContext"),
    });
  const completed = (c.env as { completed?: Promise<void> } | undefined)?.completed;
  if (res.status !== 200 && res.status !== 206 || !completed) return line(res.status);
  completed.then(() => line(res.status), (error) => {
    // 499, as nginx writes it: the client left before the end.
    if (!(error instanceof GlanceError)) return line(499);
    logFailure(error);
    line(error.status);
  });
}

/** Converts an error into a response; one that is not of the closed list becomes 500. Logs it if the service failed. */
export function answerError(error: unknown, request: Request, requestId: string | undefined): Response {
  const known = error instanceof GlanceError
    ? error
    : new GlanceError("internal", undefined, { cause: error });
  logFailure(known);
  const response = errorResponse(known, request);
  return markAnswer(response, requestId ?? requestIdOf(givenId(request)));
}

/** Logs clients that left and failures of the service; repeated lines of one cause are only counted. */
function logFailure(error: GlanceError): void {
  const { code, status, message, cause } = error;
  if (code === "client_left") return log.warn(message, { repeated: code });
  if (status < 500 || code === "not_implemented") return;
  const repeated = isExpected(error) ? `${code} ${causeOf(message)}` : placeOf(cause);
  log.error(`answered ${status}: ${message}`, { error: cause, repeated });
}

/** Returns the text without ids and numbers. */
function causeOf(message: string): string {
  return message.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+/gi, "#");
}

/** Returns the place of a bug in the source; its text may contain input of the caller and does not identify a cause. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? error.stack ?? "" : "";
  return /^\s+at .*/m.exec(stack)?.[0] ?? String(error);
}

/** How long requests share one look at the policy files, in ms: those that arrive together. */
const TOGETHER = 1;

/**
 * Authenticates every request under /v2 and sets its caller and context (docs/reference/auth-and-middleware.md §1, §2).
 * Errors: unauthorized (401 with its challenge), unavailable.
 */
export function identify(deps: Deps) {
  let looked = -Infinity;
  return createMiddleware<Env>(async (c, next) => {
    const request = c.req.raw;
    const now = performance.now();
    // A request that did not come through a socket may follow a change at once.
    if (now - looked >= TOGETHER || !c.env?.completed) {
      looked = now;
      deps.policy.refresh();
      deps.protections.refresh();
    }
    const caller = await deps.auth.identify({
      headers: request.headers,
      method: request.method,
      path: pathOf(request.url),
      peer: c.env?.peer ?? "",
    });
    if (!caller) {
      const challenge: Record<string, string> = deps.auth.challenge === null
        ? {}
        : { "www-authenticate": deps.auth.challenge };
      fail("unauthorized", undefined, { headers: challenge });
    }
    const ctx = { deps, caller, requestId: c.get("requestId") };
    c.set("caller", caller);
    setIdentity(c.get("logContext"), caller);
    c.set("ctx", ctx);
    await next();
  });
}
