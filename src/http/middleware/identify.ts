/** Authenticates every request under /v2 and sets its caller and context (docs/reference/auth-and-middleware.md §1, §2). */
import { createMiddleware } from "hono/factory";
import type { Deps } from "../../deps.ts";
import { fail } from "../../errors.ts";
import { setIdentity } from "../../observe/context.ts";
import type { Env } from "../env.ts";
import { pathOf } from "../versions.ts";

/** Errors: unauthorized (401 with its challenge), unavailable. */
export function identify(deps: Deps) {
  return createMiddleware<Env>(async (c, next) => {
    const request = c.req.raw;
    deps.policy.refresh();
    deps.protections.refresh();
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
