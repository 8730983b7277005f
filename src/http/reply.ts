/** Responses of the API; each contains the request id (docs/reference/images-api.md §6.5). */
import { Buffer } from "node:buffer";
import type { Ctx } from "../deps.ts";

/** The part of a call that a response needs. */
type Asked = { ctx: Pick<Ctx, "requestId"> };

/**
 * Returns a text with its length. Sets headers one by one, which takes half a µs; a constructor with a body and several
 * headers takes 7 to 30.
 */
export function textResponse(text: string, type: string, status = 200): Response {
  const response = new Response(text, { status });
  response.headers.set("content-type", type);
  response.headers.set("content-length", String(Buffer.byteLength(text)));
  return response;
}

function jsonResponse(call: Asked, text: string, status: number, more: Record<string, string>): Response {
  const response = textResponse(text, "application/json", status);
  response.headers.set("x-openstack-request-id", call.ctx.requestId);
  for (const name in more) response.headers.set(name, more[name]!);
  return response;
}

/** Returns a JSON body with status 200, or `status`. */
export function json(
  call: Asked,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return jsonResponse(call, JSON.stringify(body), status, headers);
}

/** Returns a 2xx without a body, but with upstream's content type. */
export function empty(call: Asked, status: 202 | 204): Response {
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
export function asciiJson(call: Asked, body: unknown): Response {
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
