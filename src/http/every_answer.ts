/** Headers of every response, also of those made outside the app (docs/reference/auth-and-middleware.md §3). */

/** Ids that are safe in a log line; any other is replaced by a new one. */
const FORM = /^[A-Za-z0-9][A-Za-z0-9._:~-]{0,254}$/;

/** Default of `max_request_id_length`. */
const LIMIT = 64;

/** Returns the request id that the caller sent, or null. */
export function givenId(request: Request): string | null {
  return request.headers.get("x-openstack-request-id");
}

/**
 * Returns the request id for log and response: the caller's, prefixed with `req-`, or a new one if the caller's is
 * missing, malformed or longer than `limit` (0 = any length).
 */
export function requestIdOf(given: string | null, limit: number = LIMIT): string {
  if (given === null || !FORM.test(given) || isTooLong(given, limit)) return `req-${crypto.randomUUID()}`;
  return given.startsWith("req-") ? given : `req-${given}`;
}

/** Whether the caller's id is too long. */
export function isTooLong(given: string | null, limit: number): boolean {
  return given !== null && limit > 0 && given.length > limit;
}

/** Sets the request id, unless a response of another worker has one, and forbids browsers to guess a type. */
export function markAnswer(response: Response, requestId: string): Response {
  const { headers } = response;
  if (!headers.has("x-openstack-request-id")) headers.set("x-openstack-request-id", requestId);
  headers.set("x-content-type-options", "nosniff");
  return response;
}
