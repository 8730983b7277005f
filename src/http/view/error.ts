/** Error bodies in three media types (docs/reference/images-api.md §6.1, §6.2). */
import { Buffer } from "node:buffer";
import { ERRORS, type GlanceError } from "../../errors.ts";
import { negotiate } from "./negotiate.ts";

const REASONS: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Request Entity Too Large",
  414: "Request-URI Too Long",
  415: "Unsupported Media Type",
  416: "Request Range Not Satisfiable",
  417: "Expectation Failed",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

/** Returns the response to a failed request in the media type of its `Accept`. */
export function errorResponse(error: GlanceError, request: Request): Response {
  const title = REASONS[error.status] ?? "Error";
  const line = `${error.status} ${title}`;
  const [explanation, detail] = texts(error, request);
  const answer = (body: string, type: string) => {
    const response = new Response(request.method === "HEAD" ? null : body, {
      status: error.status,
      statusText: title,
    });
    const { headers } = response;
    headers.set("content-type", type);
    // For the access log; the server would add it anyway.
    if (request.method !== "HEAD") headers.set("content-length", String(Buffer.byteLength(body)));
    if (error.close) headers.set("connection", "close");
    for (const [name, value] of Object.entries(error.headers)) headers.set(name, value);
    return response;
  };
  switch (negotiate(request.headers.get("accept"))) {
    case "json": {
      const message = layout(error.status, explanation, detail);
      return answer(JSON.stringify({ message, code: line, title }), "application/json");
    }
    case "html": {
      const body = layout(error.status, escapeHtml(explanation), escapeHtml(detail));
      return answer(
        `<html>\n <head>\n  <title>${line}</title>\n </head>\n <body>\n  <h1>${line}</h1>\n  ${body}\n </body>\n</html>`,
        "text/html; charset=UTF-8",
      );
    }
    case "plain":
      return answer(
        `${line}\n\n${stripTags(layout(error.status, explanation, detail))}`,
        "text/plain; charset=UTF-8",
      );
  }
}

function texts(error: GlanceError, request: Request): [string, string] {
  // The engine's message is for the operator and is in the log.
  if (error.code === "database") return [ERRORS.database[1], "The log of the service says why."];
  if (error.form === "explanation") return [error.message, ""];
  if (error.status === 415) {
    const type = request.headers.get("content-type") ?? "";
    return [`The request media type ${type} is not supported by this server.`, error.message];
  }
  return [ERRORS[error.code][1], error.message];
}

/** Upstream's body templates; three statuses have their own. */
function layout(status: number, explanation: string, detail: string): string {
  if (status === 405 || status === 501) return `${explanation} <br /><br />\n${detail}`;
  if (status === 415) return `${explanation}\n<br /><br />\n${detail}`;
  return `${explanation}<br /><br />\n${detail}\n\n`;
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
};

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char]!);
}

/** Replaces line breaks with blanks and `<br />` with line breaks; removes all other tags. */
function stripTags(text: string): string {
  return text.replaceAll("\n", " ").replaceAll("\r", "").replaceAll(/<br\s*\/?>/g, "\n")
    .replaceAll(/<!--|-->/g, "").replaceAll(/<[^<>]*>/g, "");
}
