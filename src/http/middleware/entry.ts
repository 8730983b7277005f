/** The outermost layer: request id, CORS, HEAD and OPTIONS, errors, the access log (spec/images-api.md §2.0, §6). */
import { createMiddleware } from "hono/factory";
import type { Deps } from "../../deps.ts";
import { GlanceError } from "../../errors.ts";
import { logAccess } from "../../observe/access_log.ts";
import { getLog } from "../../observe/log.ts";
import type { Env } from "../env.ts";
import { requestBase } from "../request_base.ts";
import { errorResponse } from "../view/error.ts";
import { makeCors } from "./cors.ts";

const log = getLog("oneglance.http");

/** Wraps every request. */
export function entry(deps: Deps) {
  const cors = makeCors(deps.config);
  const trusted = deps.config.get("oslo_middleware.enable_proxy_headers_parsing");
  const idLimit = deps.config.get("DEFAULT.max_request_id_length");
  return createMiddleware<Env>(async (c, next) => {
    const started = performance.now();
    const request = c.req.raw;
    const peer = c.env?.peer ?? "127.0.0.1";
    const base = requestBase(request, peer, trusted);
    const given = request.headers.get("x-openstack-request-id");
    const requestId = given && (idLimit === 0 || given.length <= idLimit)
      ? given.startsWith("req-") ? given : `req-${given}`
      : `req-${crypto.randomUUID()}`;
    c.set("base", base);
    c.set("requestId", requestId);
    if (request.method === "OPTIONS") {
      c.res = new Response(null, {
        status: 200,
        headers: { "content-length": "0", ...cors?.preflight(request) },
      });
    } else {
      if (given && idLimit > 0 && given.length > idLimit) {
        c.res = errorResponse(
          new GlanceError("header_too_large", `X-OpenStack-Request-ID is longer than ${idLimit} characters.`),
          request,
        );
      } else await next();
      const origin = cors && request.headers.get("origin");
      if (origin) {
        for (const [name, value] of Object.entries(cors.simple(origin))) c.res.headers.append(name, value);
      }
    }
    record(c, started, base.client);
  });
}

/** Writes the access line when the answer is sent: at once for what is in memory, at its end for a stream. */
// deno-lint-ignore no-explicit-any
function record(c: any, started: number, client: string): void {
  const { res } = c as { res: Response };
  const request: Request = c.req.raw;
  const caller = c.get("caller");
  const mark = request.url.indexOf("/", 8);
  const line = (status: number) =>
    logAccess({
      peer: client,
      method: request.method,
      path: mark < 0 ? "/" : request.url.slice(mark),
      protocol: "HTTP/1.1",
      status,
      bytes: Number(res.headers.get("content-length") ?? 0),
      seconds: (performance.now() - started) / 1000,
      context: {
        requestId: c.get("requestId"),
        userId: caller?.userId ?? null,
        projectId: caller?.projectId ?? null,
        userDomainId: caller?.userDomainId ?? null,
        projectDomainId: caller?.projectDomainId ?? null,
      },
    });
  const completed = (c.env as { completed?: Promise<void> } | undefined)?.completed;
  if (res.status !== 200 && res.status !== 206 || !completed) return line(res.status);
  const allTaken: (() => boolean) | undefined = c.get("allTaken");
  // 499, as nginx writes it: the client left before the end.
  const end = (sent: boolean) => () => line(allTaken?.() ?? sent ? res.status : 499);
  completed.then(end(true), end(false));
}

/** Turns whatever was thrown into an answer; what is not of the closed list is logged and told as 500. */
export function answerError(error: unknown, request: Request, requestId: string | undefined): Response {
  let known: GlanceError;
  if (error instanceof GlanceError) {
    known = error;
    if (known.status >= 500 && known.code !== "not_implemented") {
      log.error(`${request.method} failed: ${known.message}`, { error: known.cause ?? known });
    }
  } else {
    log.error(`unexpected error in ${request.method}`, { error });
    known = new GlanceError("internal");
  }
  const response = errorResponse(known, request);
  if (requestId !== undefined && known.status !== 401) {
    response.headers.set("x-openstack-request-id", requestId);
  }
  return response;
}
