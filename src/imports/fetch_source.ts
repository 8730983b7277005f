/** Data from a URL that a user or the catalog gave: filter and guard on every hop (spec/background-jobs.md §4.2). */
import type { Deps } from "../deps.ts";
import { fail, GlanceError } from "../errors.ts";
import { explainFailure } from "../net/failure.ts";
import { filterImportUri } from "./uri_filter.ts";

/** Requests in a row, the first included. */
const MAX_HOPS = 6;

export interface Source {
  body: ReadableStream<Uint8Array>;
  /** Bytes that the server announced; null = it did not. */
  length: number | null;
}

type Parts = Pick<Deps, "config" | "outbound" | "importGuard">;

/** Refuses a URL before anything is asked of it. Errors: bad_request with `does not pass filtering`. */
export async function checkImportUri(deps: Parts, uri: unknown): Promise<URL> {
  const url = filterImportUri(deps.config, uri);
  try {
    await deps.importGuard(url);
  } catch (error) {
    fail("bad_request", `The URI does not pass filtering: ${(error as Error).message}`, { cause: error });
  }
  return url;
}

/**
 * Opens the data. Redirects are followed, each target checked like a user's own URL. `region`: the URL is one of the
 * catalog, so that its own host may stand in the operator's network.
 * Errors: bad_request for a forbidden target, not_found, unavailable, bad_gateway for other answers.
 */
export async function fetchSource(
  deps: Parts,
  uri: string,
  signal: AbortSignal,
  region?: { headers: HeadersInit },
): Promise<Source> {
  const first = region ? filterImportUri(deps.config, uri) : await checkImportUri(deps, uri);
  let url = first;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    // What the first host was told in confidence is not for another.
    const known = region !== undefined && url.origin === first.origin;
    const how = known ? { use: "region" as const, ...region } : { use: "import" as const };
    const response = await deps.outbound(url, { signal, ...how });
    if (response.status === 200 && response.body) return { body: response.body, length: lengthOf(response) };
    await response.body?.cancel();
    if (response.status === 200) return { body: new Blob([]).stream(), length: 0 };
    if (![301, 302, 303, 307, 308].includes(response.status)) return refuse(url, response.status);
    url = await nextHop(deps, url, response.headers.get("location"));
  }
  fail("bad_gateway", `${first.host} redirects more than ${MAX_HOPS - 1} times.`);
}

/** What a body of `fetchSource` that breaks off is to the import. */
export function sourceBroke(cause: unknown): GlanceError {
  return new GlanceError("bad_gateway", `The source ended early: ${explainFailure(cause)}.`, { cause });
}

async function nextHop(deps: Parts, from: URL, location: string | null): Promise<URL> {
  if (location === null) fail("bad_gateway", `${from.host} redirects to nowhere.`);
  const absolute = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(location) ? location : URL.parse(location, from)?.href;
  return await checkImportUri(deps, absolute);
}

function lengthOf(response: Response): number | null {
  const text = response.headers.get("content-length");
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function refuse(url: URL, status: number): never {
  if (status === 404) fail("not_found", `${url.host} has no such data.`);
  fail("bad_gateway", `${url.host} answered with status ${status}.`);
}
