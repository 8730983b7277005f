/** Makes the authenticator of the configured flavor (docs/reference/auth-and-middleware.md §1, §2, docs/reference/configuration.md §4). */
import { type Caller, NOBODY } from "../caller.ts";
import type { Config } from "../config/config.ts";
import { fail, isError } from "../errors.ts";
import { readNetworks } from "../net/cidr.ts";
import type { OutboundFetch } from "../net/outbound.ts";
import type { Authenticator, AuthLog } from "./authenticator.ts";
import { readFlavor } from "./flavor.ts";
import { readIdentityHeaders } from "./identity_headers.ts";
import { KeystoneBreaker } from "./keystone_breaker.ts";
import { makeValidateToken, type ValidateToken } from "./keystone_client.ts";
import { makeKeystoneRequest } from "./keystone_request.ts";
import { type KeystoneSettings, readKeystoneSettings } from "./keystone_settings.ts";
import { makeServiceSession } from "./service_session.ts";
import { TokenCache } from "./token_cache.ts";
import { type CallerByToken, makeCallerByToken, type TokenTools } from "./token_caller.ts";
import type { Identity } from "./token_to_caller.ts";

/** The caller without authentication (docs/reference/policy.md §1.1): no user, no project, and roles that the default policies accept. */
const OPEN_CALLER: Caller = Object.freeze({
  ...NOBODY,
  roles: Object.freeze(["admin", "member", "reader"]),
  isAdmin: true,
});

/** The caller of `allow_anonymous_access` (docs/reference/auth-and-middleware.md §2.1). */
const ANONYMOUS: Caller = Object.freeze({ ...NOBODY, readOnly: true });

/** The parts that an authenticator uses. */
interface AuthTools {
  /** The guarded fetch. */
  outbound: OutboundFetch;
  /** Evaluates the policy rule `context_is_admin`. */
  isAdmin: (caller: Caller) => boolean | Promise<boolean>;
  log: AuthLog;
  /** Milliseconds since 1970; for tests. */
  now?: () => number;
}

/**
 * Makes the authenticator; sends nothing to Keystone yet, so that the service starts without it.
 * @throws GlanceError `config` for an unknown flavor, an unreadable network, or an incomplete login
 */
export function makeAuthenticator(
  config: Pick<Config, "get" | "isSet">,
  tools: AuthTools,
): Promise<Authenticator> {
  return Promise.resolve().then(() => {
    const flavor = readFlavor(config.get("paste_deploy.flavor"));
    const networks = config.get("oneglance.identity_headers_from");
    const believed = readNetworks(networks, "[oneglance] identity_headers_from");
    const from = networks.length === 0 ? "" : `, identity headers trusted from ${networks.join(", ")}`;
    if (!flavor.keystone) return openAuthenticator(believed, from, tools);
    const settings = readKeystoneSettings(config);
    const anonymous = config.get("DEFAULT.allow_anonymous_access") && settings.delayed;
    logServiceTokens(config, tools.log);
    return keystoneAuthenticator(settings, believed, from, anonymous, tools);
  });
}

/** Logs once which tokens count as service tokens, because older Glances decide differently. */
function logServiceTokens(config: Pick<Config, "get" | "isSet">, log: AuthLog): void {
  const roles = config.get("keystone_authtoken.service_token_roles").join(", ");
  if (!config.isSet("keystone_authtoken.service_token_roles_required")) {
    log.info(
      `[keystone_authtoken] service_token_roles_required is not set, so it is true, as in 2026.2: a service token needs ` +
        `one of the roles ${roles}; older releases accept any valid token.`,
    );
  } else if (!config.get("keystone_authtoken.service_token_roles_required")) {
    log.warn(
      "[keystone_authtoken] service_token_roles_required = false: any valid token counts as a service token, and " +
        `with it expired tokens pass. Set it to true, and give services one of the roles ${roles}.`,
    );
  }
}

function openAuthenticator(
  believed: (peer: string) => boolean,
  from: string,
  tools: AuthTools,
): Authenticator {
  return {
    challenge: null,
    summary: `no authentication: every client is an administrator${from}`,
    open: true,
    reach: null,
    identify: async ({ headers, peer }) => {
      const said = believed(peer) ? readIdentityHeaders(headers, false) : "silent";
      if (said === "silent") return OPEN_CALLER;
      return said === "invalid" ? null : await withAdmin(said, tools.isAdmin);
    },
  };
}

function keystoneAuthenticator(
  settings: KeystoneSettings,
  believed: (peer: string) => boolean,
  from: string,
  anonymous: boolean,
  tools: AuthTools,
): Authenticator {
  const keystone = makeKeystoneLookUp(settings, tools);
  const identify = async (request: Parameters<Authenticator["identify"]>[0]) => {
    const said = believed(request.peer) ? readIdentityHeaders(request.headers, true) : "silent";
    if (said === "invalid") return null;
    return said === "silent" ? await keystone.callerByToken(request) : said;
  };
  return {
    challenge: `Keystone uri="${settings.wwwAuthenticateUri}"`,
    summary: `Keystone at ${settings.login.authUrl}${from}${anonymous ? ", anonymous readers allowed" : ""}`,
    open: false,
    reach: keystone.reach,
    identify: async (request) => {
      const caller = await identify(request);
      if (caller !== null) return await withAdmin(caller, tools.isAdmin);
      return anonymous ? ANONYMOUS : null;
    },
  };
}

interface Keystone {
  callerByToken: CallerByToken;
  reach: () => Promise<void>;
}

function makeKeystoneLookUp(settings: KeystoneSettings, tools: AuthTools): Keystone {
  const now = tools.now ?? Date.now;
  if (settings.memcachedServers.length > 0) {
    tools.log.info(
      "[keystone_authtoken] memcached_servers is not used: this process caches validated tokens itself.",
    );
  }
  const request = makeKeystoneRequest(tools.outbound, settings.maxRetries);
  const session = makeServiceSession(settings.login, request, now);
  const ask = makeValidateToken(settings, session, request);
  const cache = new TokenCache<Identity>({ seconds: settings.tokenCacheTime, now });
  const breaker = new KeystoneBreaker(now);
  const validate = withBreaker(ask, breaker, tools.log);
  return {
    callerByToken: makeCallerByToken({ settings, validate, cache, log: tools.log, now }),
    reach: async () => {
      if (breaker.retryAfter !== null) fail("unavailable", "Keystone did not answer just now.");
      const { status } = await request(settings.login.authUrl);
      if (status >= 500) fail("unavailable", `Keystone answers ${status} to GET ${settings.login.authUrl}.`);
    },
  };
}

/** Validates through the breaker. Errors and addresses of Keystone are for the log only. */
function withBreaker(ask: ValidateToken, breaker: KeystoneBreaker, log: AuthLog): TokenTools["validate"] {
  const refuse = (seconds: number | null, cause?: unknown): never =>
    fail("unavailable", "The Keystone service is temporarily unavailable.", {
      cause,
      headers: seconds === null ? {} : { "retry-after": String(seconds) },
    });
  return async (token, options) => {
    if (!breaker.mayAsk) refuse(breaker.retryAfter);
    const was = breaker.retryAfter;
    try {
      const answer = await breaker.run(() => ask(token, options));
      if (was !== null) log.info("Keystone answers again.");
      if (answer === null || !("odd" in answer)) return answer;
      log.error(`A token cannot be validated: ${answer.odd}`, { repeated: "validation" });
    } catch (error) {
      if (!isError(error, "unavailable")) throw error;
      const pause = breaker.retryAfter;
      const others = pause === null
        ? ""
        : ` For ${pause} s other requests are refused without asking Keystone.`;
      log.error(`A token cannot be validated: ${error.message}${others}`, { repeated: "validation" });
      refuse(pause, error);
    }
    return refuse(null);
  };
}

/** Sets `isAdmin` for every request: the policy file may have changed since the token was cached. */
async function withAdmin(caller: Caller, rule: AuthTools["isAdmin"]): Promise<Caller> {
  const verdict = rule(caller);
  const isAdmin = typeof verdict === "boolean" ? verdict : await verdict;
  return isAdmin === caller.isAdmin ? caller : { ...caller, isAdmin };
}
