/**
 * The closed list of errors: every failure inside the program leaves it as one of these.
 *
 * `status` is that of the HTTP answer (docs/reference/images-api.md §6.3, docs/reference/stores.md §1.2), `text` the generic sentence of
 * that status (§6.2). `close`: the request's body was not read to its end, so the connection cannot serve another
 * request.
 */
export const ERRORS = {
  bad_request: [
    400,
    "The server could not comply with the request since it is either malformed or otherwise incorrect.",
  ],
  unauthorized: [
    401,
    "This server could not verify that you are authorized to access the document you requested. Either you " +
    "supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply " +
    "the credentials required.",
  ],
  forbidden: [403, "Access was denied to this resource."],
  not_found: [404, "The resource could not be found."],
  method_not_allowed: [405, "The method is not allowed for this resource."],
  request_timeout: [408, "The request did not come to its end in time."],
  conflict: [409, "There was a conflict when trying to complete your request."],
  gone: [410, "This resource is no longer available.  No forwarding address is given."],
  too_large: [413, "The body of your request was too large for this server."],
  uri_too_long: [414, "The address of the request is too long."],
  unsupported_media_type: [415, "The request media type is not supported by this server."],
  range_not_satisfiable: [416, "The Range requested is not available."],
  expectation_failed: [417, "The expectation of the request cannot be met."],
  too_many_requests: [429, "There are too many requests. Please try again at a later time."],
  header_too_large: [431, "A header of the request is too large."],
  // As in nginx's log; the client is gone and does not read the answer.
  client_left: [499, "The client closed the connection before the end of its request."],
  internal: [
    500,
    "The server has either erred or is incapable of performing the requested operation.",
  ],
  not_implemented: [501, "The request method is not implemented for this server."],
  bad_gateway: [502, "Bad gateway."],
  unavailable: [503, "The server is currently unavailable. Please try again at a later time."],
  gateway_timeout: [504, "The gateway has timed out."],
  version_not_supported: [505, "The version of HTTP is not one that this server speaks."],
  // Errors of stores, with the names of docs/reference/stores.md §1.2. The status is the default; the verb may choose another.
  store_not_found: [404, "The image data is not in the store."],
  store_duplicate: [409, "The store already holds data of that name."],
  store_full: [413, "There is not enough disk space on the image storage media."],
  store_write_denied: [503, "Permission to write image storage media denied."],
  store_add_disabled: [410, "Configuration for store failed. Adding images to this store is disabled."],
  store_delete_not_supported: [400, "Deleting images from this store is not supported."],
  store_get_not_supported: [400, "Getting images from this store is not supported."],
  store_random_get_not_supported: [400, "Getting randomly images from this store is not supported."],
  store_in_use: [
    409,
    "The image cannot be deleted because it is in use through the backend store outside of Glance.",
  ],
  store_has_snapshot: [409, "The image cannot be deleted because it has snapshot(s)."],
  store_forbidden: [403, "You are not authorized to complete this action."],
  store_remote_unavailable: [503, "Remote server where the image is present is unavailable."],
  store_gone: [
    503,
    "The store of the image data is away: its directory, or the file system that held it, is gone.",
  ],
  store_bad_uri: [400, "The Store URI was malformed."],
  store_unknown_scheme: [400, "Unknown scheme found in URI."],
  store_timeout: [503, "Operation timed out. Check storage health and connectivity."],
  // Errors of commands; never an HTTP answer.
  config: [500, "The configuration is wrong."],
  database: [500, "The database cannot be used."],
} as const satisfies Record<string, readonly [number, string]>;

/** The name of an error in the closed list. */
export type ErrorCode = keyof typeof ERRORS;

/** The place of the message in the error body: its explanation, or the detail under the generic text (docs/reference/images-api.md §6.2). */
type ErrorForm = "explanation" | "detail";

/** Extras of an error. */
export interface ErrorOptions {
  /** Default `explanation`. */
  form?: ErrorForm;
  /** Response headers, for example `Accept-Patch`. */
  headers?: Record<string, string>;
  /** The request's body was not read: the connection is closed after the answer. */
  close?: boolean;
  /** What caused it, for the log only. */
  cause?: unknown;
}

/** An error of the closed list, with a message for the client or the operator. `message` never contains secrets. */
export class GlanceError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly form: ErrorForm;
  readonly headers: Record<string, string>;
  readonly close: boolean;

  constructor(code: ErrorCode, message?: string, options: ErrorOptions = {}) {
    super(message ?? ERRORS[code][1], { cause: options.cause });
    this.name = "GlanceError";
    this.code = code;
    this.status = ERRORS[code][0];
    this.form = options.form ?? "explanation";
    this.headers = options.headers ?? {};
    this.close = options.close ?? false;
  }
}

/** Throws an error of the closed list. */
export function fail(code: ErrorCode, message?: string, options?: ErrorOptions): never {
  throw new GlanceError(code, message, options);
}

/** Whether `error` is of the closed list and, when `code` is given, has that code. */
export function isError(error: unknown, ...codes: ErrorCode[]): error is GlanceError {
  return error instanceof GlanceError && (codes.length === 0 || codes.includes(error.code));
}
