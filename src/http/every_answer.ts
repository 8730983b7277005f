/** What every answer carries, whichever part of the program makes it (spec/auth-and-middleware.md §3). */

/** What may stand in a log line as it is; any other text is no id, and the caller gets one of ours. */
const FORM = /^[A-Za-z0-9][A-Za-z0-9._:~-]{0,254}$/;

/** Default of `max_request_id_length`. */
const LIMIT = 64;

/** The id that a caller gives its request; null when it gives none. */
export function givenId(request: Request): string | null {
  return request.headers.get("x-openstack-request-id");
}

/**
 * The id by which a request is found in the log: the caller's with `req-` before it, or a new one when the caller
 * gives none of the form of an id, or a longer one than `limit` (0 = any length).
 */
export function requestIdOf(given: string | null, limit: number = LIMIT): string {
  if (given === null || !FORM.test(given) || isTooLong(given, limit)) return `req-${crypto.randomUUID()}`;
  return given.startsWith("req-") ? given : `req-${given}`;
}

/** Whether the id that a caller gives is one that is refused. */
export function isTooLong(given: string | null, limit: number): boolean {
  return given !== null && limit > 0 && given.length > limit;
}

/** Sets the id, unless another worker's answer brought its own, and keeps browsers from guessing a type. */
export function markAnswer(response: Response, requestId: string): Response {
  const { headers } = response;
  if (!headers.has("x-openstack-request-id")) headers.set("x-openstack-request-id", requestId);
  headers.set("x-content-type-options", "nosniff");
  return response;
}
