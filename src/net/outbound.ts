/**
 * The one way out: every request oneglance makes to another HTTP server goes through here.
 *
 * Redirects are never followed: who wants to follow one asks again, so that the guard sees every hop. Bodies
 * are asked for unencoded, because an image must arrive as it is stored.
 */
import { fail, GlanceError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { explainFailure } from "./failure.ts";
import { eachAddress } from "./each_address.ts";
import { CAN_NODE, nodeFetch, type Tls } from "./node_fetch.ts";
import { limitStall } from "./stall.ts";
import { hostOf } from "./uri_text.ts";

/** What a request is for; each use has its own trust and its own limits. */
export type OutboundUse =
  | "keystone"
  | "limits"
  | "location"
  | "import"
  | "policy"
  /** A policy check whose host the target of the check names. */
  | "policy_by_target"
  | "barbican"
  | "peer";

/**
 * Fetches like `fetch`, with the trust and the limits of `use`.
 * Errors: `unavailable` (refused, not resolvable, certificate not trusted, too slow), naming host and port only;
 * whatever a guard throws; the reason of `init.signal` when that was aborted.
 */
export type OutboundFetch = (url: URL, init: RequestInit & { use: OutboundUse }) => Promise<Response>;

/**
 * Checks a target before anything is sent. Throws an error of the closed list to refuse it; returns the IP
 * addresses to connect to, one or more in the order to try them (those that were checked, so that a second look-up
 * cannot give others), or null when any address will do.
 */
export type Guard = (url: URL) => Promise<string[] | null>;

/** Trust and limits of one use. */
export interface OutboundOptions {
  /** PEM file of CAs trusted besides the system's. */
  caFile?: string | null;
  /** No certificate checks at all. */
  insecure?: boolean;
  /** Milliseconds until the head of the answer must be there. */
  connectTimeoutMs: number;
  /** Milliseconds until the whole answer must be there; without it a body may take as long as it flows. */
  totalTimeoutMs?: number | null;
  /** Milliseconds that a body may be silent while it is read; without it, or 0, for ever. */
  stallMs?: number;
  /** PEM file of a client certificate; may hold the key as well. */
  certFile?: string | null;
  /** PEM file of the client certificate's key. */
  keyFile?: string | null;
  guard?: Guard;
  /** Bodies are images: an answer whose body the runtime has decoded is refused. */
  asSent?: boolean;
}

/** What `makeOutbound` gives: the fetch, and the end of its connections. */
export interface Outbound {
  readonly fetch: OutboundFetch;
  close(): void;
}

const PROXIES = ["http_proxy", "https_proxy", "all_proxy"];

/** Takes the proxies out of the environment: `fetch` would hand them the address that was checked as if it were a name. */
function leaveProxies(): void {
  const found = PROXIES.flatMap((name) => [name, name.toUpperCase()]).filter((name) => Deno.env.get(name));
  if (found.length === 0) return;
  for (const name of found) Deno.env.delete(name);
  getLog("oneglance.start").warn(
    `${
      found.join(", ")
    } of the environment: no proxy is used. oneglance connects to the addresses that it has checked.`,
  );
}

interface Way {
  options: OutboundOptions;
  tls: Tls;
  client: Deno.HttpClient;
}

/**
 * Makes the way out. A use that is not given refuses every request (`internal`).
 * @throws GlanceError `config` when a certificate file cannot be read or is not PEM.
 */
export async function makeOutbound(uses: Partial<Record<OutboundUse, OutboundOptions>>): Promise<Outbound> {
  leaveProxies();
  const ways = new Map<OutboundUse, Way>();
  for (const [use, options] of Object.entries(uses)) {
    ways.set(use as OutboundUse, await makeWay(options));
  }
  return {
    fetch: async (url, { use, ...init }) => {
      const way = ways.get(use) ?? fail("internal", `No outgoing requests for ${use} are set up.`);
      return await send(way, url, init);
    },
    close: () => {
      for (const way of ways.values()) way.client.close();
      ways.clear();
    },
  };
}

async function makeWay(options: OutboundOptions): Promise<Way> {
  const cert = await readPem(options.certFile);
  const tls = {
    ca: await readPem(options.caFile),
    cert,
    key: await readPem(options.keyFile) ?? cert,
    insecure: options.insecure ?? false,
  };
  return { options, tls, client: makeClient(tls) };
}

async function readPem(path: string | null | undefined): Promise<string | null> {
  if (!path) return null;
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    return fail("config", `The certificate file ${path} cannot be read.`, { cause });
  }
}

function makeClient(tls: Tls): Deno.HttpClient {
  // Host is ours to set where the URL has an address that was checked in the place of its name.
  // Over HTTP/2 an answer of unknown length has no header that says so (see refuseDecoded).
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
  // Where node cannot, the certificate is checked: no server that a name leads to afterwards has it, unless it is meant.
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
 * Deno 2.4 decodes gzip and br whatever was asked for, and takes away the headers that say so: with neither of them left,
 * what would come is not what was sent. Only a chunked body is not known by it.
 */
async function refuseDecoded({ headers, status, body }: Response, url: URL): Promise<void> {
  if (CAN_NODE || body === null || status === 204 || status >= 300) return;
  if (headers.has("content-length") || headers.has("transfer-encoding")) return;
  await body.cancel();
  fail("bad_gateway", `${url.host} sends the data encoded, or without its length.`);
}

/** Moves `user:password@` of a URL into a header: what fails afterwards can name the URL's host safely. */
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
