/** Data from a URL that a user or the catalog gave: filter and guard on every hop (docs/reference/background-jobs.md §4.2). */
import type { Deps } from "../deps.ts";
import { fail, GlanceError, isError } from "../errors.ts";
import { isUnconnected } from "../net/each_address.ts";
import { explainFailure } from "../net/failure.ts";
import { getLog } from "../observe/log.ts";
import { maskUrl } from "../observe/mask.ts";

const log = getLog("oneglance.imports");

/** Requests in a row, the first included. */
const MAX_HOPS = 6;

export interface Source {
  body: ReadableStream<Uint8Array>;
  /** Bytes that the server announced; null = it did not. */
  length: number | null;
}

type Parts = Pick<Deps, "outbound" | "uriFilter">;

/** What a URL is of, in the sentence of its refusal. */
type UriOf =
  | "URI for web-download"
  | "URI for legacy import task"
  | "Processed URI for glance-download";

/** Refuses a URL before anything is asked of it. Errors: bad_request with `does not pass filtering`. */
export async function checkImportUri(deps: Parts, uri: unknown, what: UriOf): Promise<URL> {
  return await deps.uriFilter.read(uri) ??
    fail("bad_request", `${what} does not pass filtering: ${maskUrl(String(uri))}`);
}

/**
 * Opens the data. Redirects are followed, each target checked like a user's own URL. `headers` are for the first host
 * alone. Errors: bad_request for a forbidden target, not_found, unavailable, bad_gateway for other answers.
 */
export async function fetchSource(
  deps: Parts,
  { uri, what, headers = {} }: { uri: unknown; what: UriOf; headers?: Record<string, string> },
  signal: AbortSignal,
): Promise<Source> {
  const first = await checkImportUri(deps, uri, what);
  let url = first;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    // Credentials for the first host must not reach another.
    const sent = url.origin === first.origin ? headers : {};
    const response = await ask(deps, url, sent, signal);
    if (response.status === 200) {
      return { body: response.body ?? new Blob([]).stream(), length: lengthOf(response) };
    }
    await response.body?.cancel();
    if (![301, 302, 303, 307, 308].includes(response.status)) return refuse(url, response.status);
    url = await nextHop(deps, url, response.headers.get("location"));
  }
  fail("bad_gateway", `${first.host} redirects more than ${MAX_HOPS - 1} times.`);
}

/** What a body of `fetchSource` that breaks off is to the import. */
export function sourceBroke(cause: unknown): GlanceError {
  return new GlanceError("bad_gateway", `The source ended early: ${explainFailure(cause)}.`, { cause });
}

async function ask(deps: Parts, url: URL, headers: HeadersInit, signal: AbortSignal): Promise<Response> {
  try {
    return await deps.outbound(url, { headers, signal, use: "import" });
  } catch (error) {
    if (isError(error, "unavailable") && isUnconnected(error.cause)) {
      log.error("Exhausted allowed addresses when importing image.");
    }
    throw error;
  }
}

async function nextHop(deps: Parts, from: URL, location: string | null): Promise<URL> {
  if (location === null) fail("bad_gateway", `${from.host} redirects to nowhere.`);
  const absolute = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(location) ? location : URL.parse(location, from)?.href;
  return await deps.uriFilter.read(absolute) ??
    fail("bad_request", `Redirect to disallowed URL: ${maskUrl(String(absolute))}`);
}

function lengthOf(response: Response): number | null {
  const text = response.headers.get("content-length");
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function refuse(url: URL, status: number): never {
  if (status === 404) fail("not_found", `${url.host} has no such data.`);
  fail("bad_gateway", `${url.host} answered with status ${status}.`);
}
