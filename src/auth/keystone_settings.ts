/** `[keystone_authtoken]` as the rest of src/auth wants it (docs/reference/configuration.md §6). */
import type { Config } from "../config/config.ts";
import { readServiceLogin, type ServiceLogin } from "./service_login.ts";

/** What token validation needs besides the login. */
export interface KeystoneSettings {
  login: ServiceLogin;
  wwwAuthenticateUri: string;
  /** `public`, `internal` or `admin`. */
  interface: string;
  region: string | null;
  maxRetries: number;
  includeCatalog: boolean;
  /** Seconds; 0 or less keeps nothing. */
  tokenCacheTime: number;
  serviceTokenRoles: readonly string[];
  serviceTokenRolesRequired: boolean;
  /** `image` as a rule; needed for application credentials with access rules. */
  serviceType: string | null;
  memcachedServers: readonly string[];
  /** Whether a request goes on when a token of it is not valid: without a user's it may be anonymous. */
  delayed: boolean;
}

/**
 * Reads the settings.
 * @throws GlanceError `config` when something that a login needs is missing
 */
export function readKeystoneSettings(config: Pick<Config, "get">): KeystoneSettings {
  const login = readServiceLogin(config, "keystone_authtoken");
  return {
    login,
    wwwAuthenticateUri: config.get("keystone_authtoken.www_authenticate_uri") ?? login.authUrl,
    interface: config.get("keystone_authtoken.interface"),
    region: config.get("keystone_authtoken.region_name"),
    maxRetries: config.get("keystone_authtoken.http_request_max_retries"),
    includeCatalog: config.get("keystone_authtoken.include_service_catalog"),
    tokenCacheTime: config.get("keystone_authtoken.token_cache_time"),
    serviceTokenRoles: config.get("keystone_authtoken.service_token_roles"),
    serviceTokenRolesRequired: config.get("keystone_authtoken.service_token_roles_required"),
    serviceType: config.get("keystone_authtoken.service_type"),
    memcachedServers: config.get("keystone_authtoken.memcached_servers"),
    delayed: config.get("keystone_authtoken.delay_auth_decision"),
  };
}
