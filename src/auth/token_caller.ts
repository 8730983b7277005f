/** Finds the caller of a token, in the steps of docs/reference/auth-and-middleware.md §1.1. */
import type { Caller } from "../caller.ts";
import { allowedByRules } from "./access_rules.ts";
import { type Identity, makeCatalogPool, toCaller, toIdentity } from "./token_to_caller.ts";
import type { Token } from "./keystone_answers.ts";
import type { KeystoneSettings } from "./keystone_settings.ts";
import type { AuthLog } from "./authenticator.ts";
import type { TokenCache } from "./token_cache.ts";

/** Keystone makes no longer tokens. Bytes. */
const MAX_TOKEN = 16_384;

/** Finds the caller of a request by its tokens, or null. Errors: `unavailable`. */
export type CallerByToken = (
  request: { headers: Headers; method: string; path: string },
) => Promise<Caller | null>;

export interface TokenTools {
  settings: KeystoneSettings;
  /** Keystone's description of a token, null for an unknown token. Errors: `unavailable`. */
  validate: (token: string, options: { allowExpired: boolean }) => Promise<Token | null>;
  cache: TokenCache<Identity>;
  log: AuthLog;
  now: () => number;
}

export function makeCallerByToken({ settings, validate, cache, log, now }: TokenTools): CallerByToken {
  const pool = makeCatalogPool();
  const lookUp = async (token: string, allowExpired: boolean): Promise<Identity | null> => {
    const identity = cache.get(token) ?? await cache.find(token, allowExpired ? "any" : "live", async () => {
      const body = await validate(token, { allowExpired });
      return body === null ? null : toIdentity(body, pool);
    });
    return identity !== null && (allowExpired || identity.expiresAt > now()) ? identity : null;
  };
  let warned = false;
  const rolesMatch = (service: Identity) => {
    const match = service.roleNames.some((role) => settings.serviceTokenRoles.includes(role));
    if (!match && !settings.serviceTokenRolesRequired && !warned) {
      warned = true;
      log.warn(
        "A service token without one of [keystone_authtoken] service_token_roles was accepted, " +
          "because service_token_roles_required is off.",
      );
    }
    return match;
  };
  return async (request) => {
    const token = readToken(request.headers.get("x-auth-token") ?? request.headers.get("x-storage-token"));
    if (token === null) return null;
    let service: Identity | null = null;
    let trusted = false;
    if (request.headers.has("x-service-token")) {
      const serviceToken = readToken(request.headers.get("x-service-token"));
      service = serviceToken === null ? null : await lookUp(serviceToken, false);
      trusted = service !== null && rolesMatch(service);
      if (!trusted && settings.serviceTokenRolesRequired) service = null;
      // An invalid service token adds nothing: then the user's token decides alone, or the request is refused.
      if (service === null && !settings.delayed) return null;
    }
    const user = await lookUp(token, trusted);
    if (user === null || !allowed(user, request, settings.serviceType, trusted)) return null;
    return toCaller(user, token, service);
  };
}

/**
 * Whether access rules allow the request. Only a service token with the right role overrides them: upstream accepts
 * any text in the header, with which the holder of a restricted credential could escape its rules.
 */
function allowed(
  user: Identity,
  request: { method: string; path: string },
  serviceType: string | null,
  trusted: boolean,
): boolean {
  if (user.accessRules === null) return true;
  if (serviceType === null || !user.serviceTypes.has(serviceType)) return false;
  return trusted || allowedByRules(user.accessRules, request, serviceType);
}

/** The token in a header, or null when it cannot be one (absent, empty, too long, not printable ASCII). */
function readToken(header: string | null): string | null {
  const token = header?.trim() ?? "";
  return token.length <= MAX_TOKEN && /^[\x21-\x7e]+$/.test(token) ? token : null;
}
