/**
 * The only way out: every request to another HTTP server goes through here.
 *
 * Redirects are never followed: the caller sends a new request, so that the guard sees every hop. Requests ask for
 * unencoded bodies, because an image must arrive as it is stored.
 */
import { fail, GlanceError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { eachAddress } from "./each_address.ts";
import { explainFailure } from "./failure.ts";
import { CAN_NODE, nodeFetch, type Tls } from "./node_fetch.ts";
import { readPem } from "./pem.ts";
import { hostOf } from "./uri_text.ts";

/** What a request is for; each use has its own trust and its own limits. */
export type OutboundUse =
  | "keystone"
  | "limits"
  | "location"
  | "import"
  | "policy"
  /** A policy check whose target supplies the host. */
  | "policy_by_target"
  | "barbican"
  | "peer";

/**
 * Works like `fetch`, with the trust and the limits of `use`.
 * Errors: `unavailable` (refused, not resolvable, certificate not trusted, too slow), naming only host and port;
 * errors of the guard; the reason of `init.signal` when aborted.
 */
export type OutboundFetch = (url: URL, init: RequestInit & { use: OutboundUse }) => Promise<Response>;

/**
 * Checks a target before anything is sent. Throws an error of the closed list to refuse it; returns the checked IP
 * addresses in the order to try them, so that a second lookup cannot give others, or null if any address will do.
 */
export type Guard = (url: URL) => Promise<string[] | null>;

/** Trust and limits of one use. */
export interface OutboundOptions {
  /** PEM file of CAs, trusted besides the system's. */
  caFile?: string | null;
  /** No certificate checks at all. */
  insecure?: boolean;
  /** Milliseconds for the head of the response to arrive. */
  connectTimeoutMs: number;
  /** Milliseconds for the whole response to arrive; default no limit. */
  totalTimeoutMs?: number | null;
  /** Milliseconds that a read of the body may wait for data; default, or 0, no limit. */
  stallMs?: number;
  /** PEM file of a client certificate; may also contain the key. */
  certFile?: string | null;
  /** PEM file of the client certificate's key. */
  keyFile?: string | null;
  guard?: Guard;
  /** Bodies are images: refuse a response that the runtime has decoded. */
  asSent?: boolean;
}

interface Outbound {
  readonly fetch: OutboundFetch;
  close(): void;
}

const PROXIES = ["http_proxy", "https_proxy", "all_proxy"];

/** Removes the proxies from the environment: `fetch` would send them the checked address instead of the name. */
function leaveProxies(): void {
  const found = PROXIES.flatMap((name) => [name, name.toUpperCase()]).filter((name) => Deno.env.get(name));
  if (found.length === 0) return;
  for (const name of found) Deno.env.delete(name);
  getLog("oneglance.start").warn(
    `${
      found.join(", ")
    } of the environment ignored: oneglance connects directly, to addresses that it has checked.`,
  );
}

interface Way {
  options: OutboundOptions;
  tls: Tls;
  client: Deno.HttpClient;
}

/**
 * Makes the guarded fetch. Requests of a use that is not given fail (`internal`).
 * @throws GlanceError `config` when a certificate file cannot be read or is not PEM.
 */
export function makeOutbound(uses: Partial<Record<OutboundUse, OutboundOptions>>): Outbound {
  leaveProxies();
  const ways = new Map<OutboundUse, Way>();
  for (const [use, options] of Object.entries(uses)) {
    ways.set(use as OutboundUse, makeWay(options));
  }
  return {
    fetch: async (url, { use, ...init }) => {
      const way = ways.get(use) ?? fail("internal", `No outbound requests are configured for ${use}.`);
      return await send(way, url, init);
    },
    close: () => {
      for (const way of ways.values()) way.client.close();
      ways.clear();
    },
  };
}

function makeWay(options: OutboundOptions): Way {
  const cert = readPem(options.certFile);
  const tls = {
    ca: readPem(options.caFile),
    cert,
    key: readPem(options.keyFile) ?? cert,
    insecure: options.insecure ?? false,
  };
  return { options, tls, client: makeClient(tls) };
}

function makeClient(tls: Tls): Deno.HttpClient {
  // `allowHost`: where the checked address replaces the name in the URL, we set the header Host.
  // HTTP/2 has no header for a response of unknown length (see refuseDecoded).
  const options = { allowHost: true, http2: CAN_NODE, ...(tls.ca === null ? {} : { caCerts: [tls.ca] }) };
  try {
    return tls.cert !== null && tls.key !== null
      ? Deno.createHttpClient({ ...options, cert: tls.cert, key: tls.key })
      : Deno.createHttpClient(options);
  } catch (cause) {
    return fail("config", "A configured CA file, certificate or key is not valid PEM.", { cause });
  }
}

async function send(way: Way, target: URL, given: RequestInit): Promise<Response> {
  const { url, headers } = withoutCredentials(target, given.headers);
  const addresses = await way.options.guard?.(url) ?? null;
  const head = new AbortController();
  const signals = [head.signal];
  if (given.signal) signals.push(given.signal);
  if (way.options.totalTimeoutMs) signals.push(AbortSignal.timeout(way.options.totalTimeoutMs));
  const init: RequestInit = { ...given, headers, redirect: "manual", signal: AbortSignal.any(signals) };
  const timer = setTimeout(
    () => head.abort(new DOMException("no answer in time", "TimeoutError")),
    way.options.connectTimeoutMs,
  );
  try {
    const response = await request(way, url, init, addresses);
    if (way.options.asSent) await refuseDecoded(response, url);
    return way.options.stallMs ? limitStall(response, way.options.stallMs, url.host) : response;
  } catch (error) {
    if (given.signal?.aborted) throw given.signal.reason;
    if (error instanceof GlanceError) throw error;
    return fail("unavailable", `${url.host || url.href} cannot be reached: ${explainFailure(error)}.`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function request(way: Way, url: URL, init: RequestInit, addresses: string[] | null): Promise<Response> {
  const secure = url.protocol === "https:";
  // Deno 2.4 connects by name. Still safe: a host that DNS switches to cannot present the certificate.
  if (secure ? !CAN_NODE || (addresses === null && !way.tls.insecure) : addresses === null) {
    return await fetch(url, { ...init, client: way.client });
  }
  const port = Number(url.port) || (secure ? 443 : 80);
  const again = !(init.body instanceof ReadableStream);
  return await eachAddress(
    { addresses: addresses ?? [hostOf(url)], port, again },
    init.signal!,
    (address) => {
      if (secure) return nodeFetch(url, init, address, way.tls);
      const target = new URL(url);
      target.hostname = address.includes(":") ? `[${address}]` : address;
      const headers = new Headers(init.headers);
      headers.set("host", url.host);
      return fetch(target, { ...init, headers, client: way.client });
    },
  );
}

/**
 * Deno 2.4 decodes gzip and br even if unencoded data was requested, and removes Content-Encoding and Content-Length. A
 * response without a length that is not chunked has been decoded: its bytes are not those that were sent.
 */
async function refuseDecoded({ headers, status, body }: Response, url: URL): Promise<void> {
  if (CAN_NODE || body === null || status === 204 || status >= 300) return;
  if (headers.has("content-length") || headers.has("transfer-encoding")) return;
  await body.cancel();
  fail("bad_gateway", `${url.host} sends the data compressed, or without a length.`);
}

/** Moves `user:password@` of a URL into a header, so that errors can name the URL. */
function withoutCredentials(target: URL, given: HeadersInit | undefined): { url: URL; headers: Headers } {
  const url = new URL(target);
  const headers = new Headers(given);
  if (url.username || url.password) {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    if (!headers.has("authorization")) {
      const bytes = new TextEncoder().encode(pair);
      headers.set("authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`);
    }
    url.username = url.password = "";
  }
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
  return { url, headers };
}

/**
 * Returns the response with a body that fails when a read waits `ms` without data; a slow reader does not count.
 * Errors of the body: unavailable, naming `host`; its own.
 */
function limitStall(response: Response, ms: number, host: string): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { promise: stalled, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        reject(new GlanceError("unavailable", `${host} has sent nothing for ${ms / 1000} s.`));
      }, ms);
      try {
        const { value, done } = await Promise.race([reader.read(), stalled]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        reader.cancel(error).catch(() => {});
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
