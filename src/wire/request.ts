/** A request of fetch's kind, as far as a server needs one. */
import type { Head } from "./head.ts";

/**
 * Looks like a `Request`, but takes every method, leaves the URL as it was sent, and costs no parsing of it. What a
 * handler has no use for (clone, formData, …) is not there.
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

/** The request that a head and its body make. */
export function makeRequest(head: Head, body: ReadableStream<Uint8Array> | null): Request {
  return new WireRequest(head, body) as unknown as Request;
}
