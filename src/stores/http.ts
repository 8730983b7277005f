import { fail, GlanceError, isError } from "../errors.ts";
import type { OutboundFetch } from "../net/outbound.ts";
import { readUri } from "../net/uri_text.ts";
import type { ByteRange, Store, StoreRead, WriteHandle } from "./store.ts";

/** Redirects followed per request. */
const MAX_REDIRECTS = 4;

/** Reads images from web servers; read-only by design (docs/reference/stores.md §3). Trust and limits: outbound use `location`. */
export class HttpStore implements Store {
  readonly type = "http";
  readonly schemes = ["http", "https"];
  readonly readOnly = "The http store takes no data.";
  readonly randomRead = true;
  readonly urlPrefix = "http";
  readonly properties = {};
  readonly id: string | null;
  readonly description: string | null;
  readonly weight: number;
  readonly #fetch: OutboundFetch;

  constructor(
    options: { id: string | null; description: string | null; weight: number },
    fetch: OutboundFetch,
  ) {
    this.id = options.id;
    this.description = options.description;
    this.weight = options.weight;
    this.#fetch = fetch;
  }

  // deno-lint-ignore require-await
  async open(): Promise<WriteHandle> {
    fail("store_add_disabled");
  }

  async read(url: string, range?: ByteRange): Promise<StoreRead> {
    const partial = range !== undefined && (range.offset > 0 || range.length !== undefined);
    const headers: Record<string, string> = {};
    if (partial) {
      const end = range.length === undefined ? "" : range.offset + range.length - 1;
      headers.range = `bytes=${range.offset}-${end}`;
    }
    const response = await this.#ask(url, "GET", headers);
    const length = lengthOf(response);
    if (!partial) return { body: bodyOf(response), length, size: length };
    const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
    if (response.status !== 206 || match === null || Number(match[1]) !== range.offset) {
      await response.body?.cancel();
      fail("store_random_get_not_supported");
    }
    return { body: bodyOf(response), length, size: match[2] === "*" ? null : Number(match[2]) };
  }

  async size(url: string): Promise<number> {
    try {
      const response = await this.#ask(url, "HEAD", {});
      await response.body?.cancel();
      return lengthOf(response) ?? 0;
    } catch (error) {
      if (!isError(error, "store_remote_unavailable")) throw error;
      throw new GlanceError("store_bad_uri", "The Store URI was malformed: its server does not answer.", {
        cause: error,
      });
    }
  }

  free(): Promise<null> {
    return Promise.resolve(null);
  }

  problem(): Promise<null> {
    return Promise.resolve(null);
  }

  // deno-lint-ignore require-await
  async delete(): Promise<void> {
    fail("store_delete_not_supported");
  }

  discard(): Promise<string[]> {
    return Promise.resolve([]);
  }

  sweep(): Promise<string[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Sends a request and follows redirects. Throws for any response that is not a success. */
  async #ask(given: string, method: string, headers: Record<string, string>): Promise<Response> {
    let url = parse(given);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await this.#send(url, method, headers);
      if (response.ok) return response;
      await response.body?.cancel();
      if (response.status < 300 || response.status >= 400) refuse(response.status, url);
      const target = response.headers.get("location") ??
        fail("internal", `${url.host} answered with a redirect to nowhere.`);
      if (response.status !== 301 && response.status !== 302) refuse(response.status, url);
      // A new URL from the new address alone: credentials of the old one must not follow.
      url = parse(target);
      if (url.username || url.password) {
        fail("store_bad_uri", "The Store URI was malformed: a redirect contains a user.");
      }
    }
    fail("internal", `Maximum redirects (${MAX_REDIRECTS}) was exceeded.`);
  }

  async #send(url: URL, method: string, headers: Record<string, string>): Promise<Response> {
    try {
      return await this.#fetch(url, {
        method,
        headers: { ...headers, "accept-encoding": "identity" },
        redirect: "manual",
        use: "location",
      });
    } catch (error) {
      if (!isError(error, "unavailable")) throw error;
      throw new GlanceError("store_remote_unavailable", undefined, { cause: error });
    }
  }
}

function refuse(status: number, { host }: URL): never {
  if (status === 404) {
    fail("store_not_found", `HTTP server ${host} does not have the image.`);
  }
  if (status === 416) fail("range_not_satisfiable");
  fail("store_bad_uri", `The Store URI was malformed: ${host} answered ${status}.`);
}

/** Parses the URL of a location. Errors: store_bad_uri. */
function parse(text: string): URL {
  const malformed = () => fail("store_bad_uri", "The Store URI was malformed.");
  const authority = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1] ?? malformed();
  const at = authority.lastIndexOf("@");
  if (at >= 0 && authority.slice(0, at).split(":").length !== 2) malformed();
  const host = authority.slice(at + 1);
  if (typeof readUri(text) === "string") malformed();
  // The guarded fetch decodes user and password.
  if (/%(?![0-9a-f]{2})/i.test(authority)) malformed();
  if (!/^(\[[^\]]+\]|[^:[\]]+)(:\d*)?$/.test(host) || !URL.canParse(text)) malformed();
  const url = new URL(text);
  url.hash = "";
  return url;
}

/** Returns `Content-Length`; null if unknown. */
function lengthOf(response: Response): number | null {
  const length = response.headers.get("content-length");
  return length !== null && /^\d+$/.test(length) ? Number(length) : null;
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  return response.body ?? new Blob([]).stream();
}
