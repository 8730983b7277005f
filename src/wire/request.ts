/** The part of a fetch `Request` that a server needs. */
import type { Head } from "./head.ts";

/**
 * Looks like a `Request`, but accepts every method and neither parses nor normalises the URL. Members that no handler
 * uses (clone, formData, …) are missing.
 */
class WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;

  constructor(head: Head, body: ReadableStream<Uint8Array> | null) {
    this.method = head.method;
    this.url = head.url;
    this.headers = new Headers(head.fields);
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
