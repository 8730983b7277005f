/** Answers of the API proper: each carries the request id (spec/images-api.md §6.5). */
import type { Call } from "./bind.ts";

const encoder = new TextEncoder();

function jsonResponse(call: Call, text: string, status: number, headers: Record<string, string>): Response {
  const body = encoder.encode(text);
  return new Response(body, {
    status,
    headers: {
      "content-type": "application/json",
      "content-length": String(body.length),
      "x-openstack-request-id": call.ctx.requestId,
      ...headers,
    },
  });
}

/** A JSON body with status 200, or `status`. */
export function json(
  call: Call,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return jsonResponse(call, JSON.stringify(body), status, headers);
}

/** A 2xx without a body, with the type that upstream sends along. */
export function empty(call: Call, status: 202 | 204): Response {
  return new Response(null, {
    status,
    headers: {
      "content-type": "text/html; charset=UTF-8",
      ...(status === 202 ? { "content-length": "0" } : {}),
      "x-openstack-request-id": call.ctx.requestId,
    },
  });
}

/** A JSON body with every character outside ASCII escaped, as upstream writes all but images and members. */
export function asciiJson(call: Call, body: unknown): Response {
  const text = JSON.stringify(body).replaceAll(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return jsonResponse(call, text, 200, {});
}
