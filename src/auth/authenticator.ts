/** Who a request comes from. `src/auth/make.ts` makes one for the configured flavor (spec/auth-and-middleware.md §1, §2). */
import type { Caller } from "../caller.ts";

export interface Authenticator {
  /**
   * The caller, or null when the request carries no valid identity (the answer is 401).
   * Errors: `unavailable` when the identity service cannot be asked. `isAdmin` is set by the policy rule
   * `context_is_admin`. `peer` is the address of the TCP peer, never of a proxy header.
   */
  identify(request: { headers: Headers; method: string; path: string; peer: string }): Promise<Caller | null>;
  /** Asks the identity service for its versions, for health; null where there is none. Errors: `unavailable`. */
  readonly reach: (() => Promise<void>) | null;
  /** Value of `WWW-Authenticate` on a 401, or null. */
  readonly challenge: string | null;
  /** One line for the start banner and `doctor`: what kind of authentication this is. */
  readonly summary: string;
  /** Whether anybody who connects is an administrator. */
  readonly open: boolean;
}
