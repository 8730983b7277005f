/** The response of the health check in three media types (docs/reference/auth-and-middleware.md §8). */
import type { HealthOutcome } from "../../health/check.ts";
import { VERSION } from "../../util/version.ts";
import { textResponse } from "../bind.ts";
import { escapeHtml } from "./error.ts";
import { bestOffer, parseAccept } from "./negotiate.ts";

export function healthResponse(request: Request, outcome: HealthOutcome): Response {
  const status = outcome.healthy ? 200 : 503;
  if (request.method === "HEAD") return new Response(null, { status: outcome.healthy ? 204 : 503 });
  const [type, body] = render(request.headers.get("accept") ?? "", outcome);
  return textResponse(body, type, status);
}

function render(accept: string, { reasons, detailed, healthy, parts }: HealthOutcome): [string, string] {
  const type = bestOffer(parseAccept(accept) ?? [], ["text/plain", "text/html", "application/json"]);
  if (type === "application/json") {
    const body = {
      detailed,
      ...(detailed ? { now: new Date().toISOString() } : {}),
      ...(parts
        ? { parts: Object.fromEntries(parts.map(({ name, problem }) => [name, problem ?? "OK"])) }
        : {}),
      reasons,
      ...(detailed ? { version: VERSION } : {}),
    };
    return [type, JSON.stringify(body, null, 4)];
  }
  if (type === "text/html") {
    const lines = parts ? parts.map(({ name, problem }) => `${name}: ${problem ?? "OK"}`) : [];
    const items = [...reasons, ...lines.filter((line) => !reasons.includes(line))]
      .map((line) => `<li>${escapeHtml(line)}</li>`).join("");
    const host = Deno.hostname();
    return [
      "text/html; charset=UTF-8",
      `<html><head><title>Healthcheck Status</title></head><body><h1>${healthy ? "OK" : "Not healthy"}</h1>` +
      `<p>${host}, ${new Date().toISOString()}</p><ul>${items}</ul></body></html>`,
    ];
  }
  return ["text/plain; charset=UTF-8", reasons.join("\n")];
}
