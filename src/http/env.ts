/** The environment of a request in the HTTP layer. */
import type { Caller } from "../caller.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail } from "../errors.ts";
import type { newLogContext } from "../observe/context.ts";
import { isHost } from "../util/host.ts";

/** The connection, from the server or from a test. */
interface Connection {
  /** Address of the TCP peer. */
  peer: string;
  /** Resolves when the whole response was written to the socket, else rejects. Absent in tests. */
  completed?: Promise<void>;
}

export interface Env {
  Bindings: Connection;
  Variables: {
    deps: Deps;
    requestId: string;
    /** The context of this request's log lines. */
    logContext: ReturnType<typeof newLogContext>;
    caller: Caller;
    ctx: Ctx;
    /** Scheme, host and prefix of the request as the client sees them. */
    base: RequestBase;
  };
}

/** `http`, `host:port` and the URL prefix; from proxy headers if those are trusted. */
export interface RequestBase {
  scheme: string;
  host: string;
  prefix: string;
  /** Client address for the access log. */
  client: string;
}

/** The base as the request itself names it. A class: a getter in an object literal keeps all of the request in memory. */
class OwnBase implements RequestBase {
  readonly scheme: string;
  readonly prefix = "";
  readonly #request: Request;

  constructor(request: Request, readonly client: string) {
    this.#request = request;
    this.scheme = request.url.startsWith("https:") ? "https" : "http";
  }

  /** Computed on demand: few responses contain the host. */
  get host(): string {
    const host = this.#request.headers.get("host") ?? new URL(this.#request.url).host;
    if (!isHost(host)) fail("bad_request", "Host is not a name or address with a port.");
    return host;
  }
}

/** Uses proxy headers only if `trusted` (enable_proxy_headers_parsing). Errors: bad_request for an invalid host. */
export function requestBase(request: Request, peer: string, trusted: boolean): RequestBase {
  const { headers } = request;
  const base = new OwnBase(request, peer);
  if (!trusted) return base;
  const forwarded = headers.get("forwarded");
  const found = forwarded === null
    ? {
      proto: headers.get("x-forwarded-proto"),
      host: headers.get("x-forwarded-host"),
      for: headers.get("x-forwarded-for"),
    }
    : firstForwarded(forwarded);
  const prefix = headers.get("x-forwarded-prefix");
  return {
    scheme: found.proto || base.scheme,
    host: found.host ? forwardedHost(found.host) : base.host,
    prefix: prefix ? `/${prefix.replaceAll(/^\/+|\/+$/g, "")}` : "",
    client: found.for || base.client,
  };
}

/** Returns the first of several proxies' hosts. Errors: bad_request, for text that must not be in a link. */
function forwardedHost(text: string): string {
  const host = text.split(",", 1)[0]!.trim();
  if (!isHost(host)) {
    fail("bad_request", "The host in the proxy's header is not a name or address with a port.");
  }
  return host;
}

/** The first element of `Forwarded` (RFC 7239). */
function firstForwarded(text: string): { proto: string | null; host: string | null; for: string | null } {
  const pairs = new Map<string, string>();
  for (const pair of text.split(",", 1)[0]!.split(";")) {
    const mark = pair.indexOf("=");
    if (mark < 0) continue;
    pairs.set(pair.slice(0, mark).trim().toLowerCase(), pair.slice(mark + 1).trim().replaceAll('"', ""));
  }
  return {
    proto: pairs.get("proto") ?? null,
    host: pairs.get("host") ?? null,
    for: pairs.get("for") ?? null,
  };
}
