/** The caller of the flavors without authentication (spec/policy.md §1.1): whoever connects is an administrator. */
import { type Caller, NOBODY } from "../caller.ts";

/** No user, no project; the roles make the default policies say yes. */
export const OPEN_CALLER: Caller = Object.freeze({
  ...NOBODY,
  roles: Object.freeze(["admin", "member", "reader"]),
  isAdmin: true,
});

/** The caller of `allow_anonymous_access` (spec/auth-and-middleware.md §2.1). */
export const ANONYMOUS: Caller = Object.freeze({ ...NOBODY, readOnly: true });
