/** Answers of the API proper: each carries the request id (spec/images-api.md §6.5). */
import { Buffer } from "node:buffer";
import type { Ctx } from "../deps.ts";

/** The part of a call that an answer needs. */
type Asked = { ctx: Pick<Ctx, "requestId"> };

/**
 * A text and its length. Headers are set one by one: a body and several headers in one constructor cost 7 to 30 µs,
 * this half of one.
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

/** A JSON body with status 200, or `status`. */
export function json(
  call: Asked,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return jsonResponse(call, JSON.stringify(body), status, headers);
}

/** A 2xx without a body, with the type that upstream sends along. */
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

/** A JSON body with every character outside ASCII escaped, as upstream writes all but images and members. */
export function asciiJson(call: Asked, body: unknown): Response {
  const text = JSON.stringify(body).replaceAll(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return jsonResponse(call, text, 200, {});
}

/** `first` and `next` of a page; `marker` names its last item, null where nothing follows. */
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
