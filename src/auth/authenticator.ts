/** Identifies callers. `src/auth/make.ts` implements it for the configured flavor (docs/reference/auth-and-middleware.md §1, §2). */
import type { Caller } from "../caller.ts";

export interface Authenticator {
  /**
   * The caller, or null when the request has no valid identity (the answer is 401). The policy rule
   * `context_is_admin` sets `isAdmin`. `peer` is the address of the TCP peer, never of a proxy header.
   * Errors: `unavailable` when the identity service does not answer.
   */
  identify(request: { headers: Headers; method: string; path: string; peer: string }): Promise<Caller | null>;
  /** Requests the versions of the identity service, for health; null without one. Errors: `unavailable`. */
  readonly reach: (() => Promise<void>) | null;
  /** Value of `WWW-Authenticate` of a 401, or null. */
  readonly challenge: string | null;
  /** The kind of authentication, one line for the start banner. */
  readonly summary: string;
  /** Whether every client is an administrator. */
  readonly open: boolean;
}

/** The log of src/auth; messages contain no token and no password. */
export interface AuthLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** `repeated`: the cause; of its lines only the first in a minute is written, with the number of the others. */
  error(message: string, extra?: { repeated?: string }): void;
}
