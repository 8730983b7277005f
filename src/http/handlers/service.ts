/** Versions, health and the contract: no token needed (docs/reference/images-api.md §1, docs/reference/auth-and-middleware.md §8). */
import type { Context } from "hono";
import { contractDocument } from "../../../openapi/document.ts";
import type { Deps } from "../../deps.ts";
import { checkHealth, type HealthOutcome, withParts } from "../../health/check.ts";
import type { PartsHealth } from "../../health/parts.ts";
import { VERSION } from "../../util/version.ts";
import type { Env } from "../env.ts";
import { givenId, markAnswer, requestIdOf } from "../every_answer.ts";
import { textResponse } from "../bind.ts";
import { healthResponse } from "../view/health.ts";
import { versionDocument, type VersionSettings } from "../versions.ts";

/** Returns the version document with the given status; HEAD gets no body. */
export function versions(deps: Deps, settings: VersionSettings, status: 200 | 300) {
  const publicEndpoint = deps.config.get("DEFAULT.public_endpoint");
  return (c: Context<Env>) => {
    const body = JSON.stringify(versionDocument(settings, publicEndpoint, c.get("base")));
    const response = textResponse(body, "application/json", status);
    return c.req.raw.method === "HEAD" ? new Response(null, response) : response;
  };
}

/** GET /v2: redirects to `/v2/`, as upstream does (docs/reference/images-api.md §1.2). */
export function toVersion2() {
  return (c: Context<Env>) => {
    const { scheme, host, prefix } = c.get("base");
    return new Response(null, {
      status: 302,
      headers: {
        location: `${scheme}://${host}${prefix}/v2/`,
        "content-length": "0",
      },
    });
  };
}

/** GET and HEAD /healthcheck; `parts` are listed in the body, but do not change the status. */
export function health(deps: Pick<Deps, "config" | "lifecycle">, parts: PartsHealth | null) {
  return async (c: Context<Env>) => {
    const outcome = await outcomeFor(deps, c);
    return answerHealth(c, parts === null ? outcome : { ...outcome, parts: await parts() });
  };
}

/** GET and HEAD /healthcheck/ready: 503 if a part is unusable; the body names it. */
export function readiness(deps: Pick<Deps, "config" | "lifecycle">, parts: PartsHealth) {
  return async (c: Context<Env>) => {
    const outcome = await outcomeFor(deps, c);
    return answerHealth(c, withParts(outcome, await parts()));
  };
}

function outcomeFor(deps: Pick<Deps, "config" | "lifecycle">, c: Context<Env>): Promise<HealthOutcome> {
  return checkHealth(deps, { peer: c.env?.peer ?? "127.0.0.1", headers: c.req.raw.headers });
}

function answerHealth(c: Context<Env>, outcome: HealthOutcome): Response {
  const request = c.req.raw;
  return markAnswer(healthResponse(request, outcome), requestIdOf(givenId(request)));
}

/** GET /openapi.json; built at the first request. */
export function contract() {
  let text: string | undefined;
  return () => textResponse(text ??= JSON.stringify(contractDocument(VERSION)), "application/json");
}
