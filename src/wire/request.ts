/** The part of a fetch `Request` that a server needs. */
import type { Head } from "./head.ts";

/** The fields of a head as `Headers` that nobody changes; making those of the runtime checks every name and value again. */
class WireHeaders {
  readonly #fields: Head["fields"];

  constructor(fields: Head["fields"]) {
    this.#fields = fields;
  }

  /** All values of that name, separated by commas (RFC 9110 §5.3). */
  get(name: string): string | null {
    const wanted = name.toLowerCase();
    let found: string | null = null;
    for (const [each, value] of this.#fields) {
      if (each === wanted) found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  keys(): IterableIterator<string> {
    return new Set(this.#fields.map(([name]) => name)).values();
  }

  *entries(): IterableIterator<[name: string, value: string]> {
    for (const name of this.keys()) yield [name, this.get(name)!];
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.entries();
  }
}

/**
 * Looks like a `Request`, but accepts every method and neither parses nor normalises the URL. Members that no handler
 * uses (clone, formData, …) are missing.
 */
class WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: WireHeaders;
  readonly body: ReadableStream<Uint8Array> | null;

  constructor(head: Head, body: ReadableStream<Uint8Array> | null) {
    this.method = head.method;
    this.url = head.url;
    this.headers = new WireHeaders(head.fields);
    this.body = body;
  }

  get bodyUsed(): boolean {
    return this.body?.locked ?? false;
  }
}

/** Makes the request of a head and its body. */
export function makeRequest(head: Head, body: ReadableStream<Uint8Array> | null): Request {
  return new WireRequest(head, body) as unknown as Request;
}
