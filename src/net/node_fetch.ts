/**
 * A fetch over node:http(s), for the two things `fetch` cannot do: leave a certificate unchecked, and connect
 * to an address that was checked before while the name stands in Host and in the TLS greeting.
 */
import * as http from "node:http";
import * as https from "node:https";
import { isIP } from "node:net";
import { Readable } from "node:stream";
import { PacedAgent } from "./paced_tls.ts";

/** What a connection that never stood ends with. */
const UNCONNECTED = new Set([
  "ECONNREFUSED",
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
]);

// Deno 2.4 reads answers by a promise of its own, which fails when the connection is cut or given up. Nobody else can
// meet it; who reads the body is told by the limit on silence.
globalThis.addEventListener("unhandledrejection", (event) => {
  const { reason } = event;
  const given = reason instanceof Deno.errors.Interrupted && reason.message === "operation canceled";
  const cut = reason instanceof TypeError &&
    reason.message.startsWith("error reading a body from connection");
  if (given || cut) event.preventDefault();
});

/** PEM texts of one use, and whether certificates are checked at all. */
export interface Tls {
  ca: string | null;
  cert: string | null;
  key: string | null;
  insecure: boolean;
}

/**
 * Sends one request, on a connection of its own.
 * @param addresses IP addresses to connect to, the next one where one takes no connection, or null for the URL's host
 * @throws the runtime's errors, and the reason of `init.signal`
 */
export async function nodeFetch(
  url: URL,
  init: RequestInit,
  addresses: readonly string[] | null,
  tls: Tls,
): Promise<Response> {
  init.signal?.throwIfAborted();
  const body = init.body instanceof ReadableStream ? init.body : await bodyBytes(url, init);
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const headers = Object.fromEntries(new Headers(init.headers));
  headers.host = url.host;
  if (body instanceof Uint8Array) headers["content-length"] = String(body.length);
  const options: https.RequestOptions = {
    method: init.method ?? "GET",
    port: url.port || (url.protocol === "https:" ? 443 : 80),
    path: url.pathname + url.search,
    headers,
    agent: false,
  };
  const secure = url.protocol === "https:" ? secureOptions(name, tls) : null;
  const by = url.protocol === "https:" ? https : http;
  const hosts = addresses ?? [name];
  for (const [at, host] of hosts.entries()) {
    try {
      const agent = secure && new PacedAgent({ ...secure, host: name });
      const given = agent ? { ...options, ...secure, agent, host } : { ...options, host };
      return await exchange(given, by, body, init.signal ?? null, agent);
    } catch (error) {
      // A stream may have lost bytes to the first; nothing else was sent where no connection was.
      const last = at === hosts.length - 1 || body instanceof ReadableStream;
      if (last || !UNCONNECTED.has((error as { code?: string })?.code ?? "")) throw error;
    }
  }
  throw new TypeError("no address to connect to");
}

function secureOptions(name: string, tls: Tls) {
  return {
    ...(isIP(name) === 0 ? { servername: name } : {}),
    rejectUnauthorized: !tls.insecure,
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.cert === null ? {} : { cert: tls.cert }),
    ...(tls.key === null ? {} : { key: tls.key }),
  };
}

async function bodyBytes(url: URL, init: RequestInit): Promise<Uint8Array | null> {
  if (init.body === null || init.body === undefined) return null;
  return new Uint8Array(await new Request(url, { method: "POST", body: init.body }).arrayBuffer());
}

function exchange(
  options: https.RequestOptions,
  by: { request: typeof http.request | typeof https.request },
  body: ReadableStream | Uint8Array | null,
  signal: AbortSignal | null,
  agent: PacedAgent | null,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let answer: http.IncomingMessage | null = null;
    const request = by.request(options, (message: http.IncomingMessage) => {
      answer = message;
      agent?.pace(message);
      message.on("error", () => {}); // who reads the body learns it; nobody else must die of it
      message.once("close", () => signal?.removeEventListener("abort", stop));
      resolve(toResponse(message, options, () => agent?.taken()));
    });
    const stop = () => {
      reject(signal!.reason);
      answer?.destroy(signal!.reason);
      request.destroy(signal!.reason);
    };
    request.on("error", (error: Error) => {
      if (answer === null) signal?.removeEventListener("abort", stop);
      reject(error);
    });
    signal?.addEventListener("abort", stop, { once: true });
    if (body instanceof ReadableStream) {
      Readable.fromWeb(body as never).on("error", (error) => request.destroy(error)).pipe(request);
    } else {
      request.end(body ?? undefined);
    }
  });
}

function toResponse(
  message: http.IncomingMessage,
  options: https.RequestOptions,
  taken: () => void,
): Response {
  const headers = new Headers();
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at]!, message.rawHeaders[at + 1]!);
  }
  const status = message.statusCode ?? 502;
  if ([204, 205, 304].includes(status) || options.method === "HEAD") {
    message.resume();
    return new Response(null, { status, headers });
  }
  return new Response(bodyOf(message, taken), { status, headers });
}

/** The body as it is read; ending short of its Content-Length is an error, whatever the runtime makes of it. */
function bodyOf(message: http.IncomingMessage, taken: () => void): ReadableStream<Uint8Array> {
  const chunks = message[Symbol.asyncIterator]();
  let missing = Number(message.headers["content-length"] ?? NaN);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      taken();
      if (!done) {
        missing -= value.length;
        return controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      }
      if (missing > 0) throw new TypeError("connection closed before the body was complete");
      controller.close();
    },
    cancel(reason) {
      message.destroy(reason instanceof Error ? reason : undefined);
    },
  }, { highWaterMark: 0 });
}
