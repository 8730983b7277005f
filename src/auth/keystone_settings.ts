/** `[keystone_authtoken]` as the rest of src/auth wants it (spec/configuration.md §6). The only reader of those options. */
import { fail } from "../errors.ts";
import type { OutboundOptions } from "../net/outbound.ts";

/** What src/auth needs of the configuration. */
export interface AuthConfig {
  get(name: string): unknown;
}

/** A user or project: by id, or by name within a domain. */
export interface Named {
  id: string | null;
  name: string | null;
  domainId: string | null;
  domainName: string | null;
}

/** How a service user logs in to Keystone. Holds secrets: never logged. */
export interface ServiceLogin {
  authUrl: string;
  method:
    | { kind: "password"; user: Named; password: string }
    | {
      kind: "application_credential";
      id: string | null;
      name: string | null;
      user: Named | null;
      secret: string;
    };
  scope:
    | { kind: "project"; project: Named }
    | { kind: "domain"; id: string | null; name: string | null }
    | { kind: "system" }
    | { kind: "trust"; id: string }
    | { kind: "none" };
}

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
}

const PASSWORD_TYPES = ["password", "v3password"];
const CREDENTIAL_TYPE = "v3applicationcredential";
/** Milliseconds an answer of Keystone may take when `http_connect_timeout` is unset. */
const ANSWER_TIMEOUT_MS = 20_000;

/**
 * Reads the settings.
 * @throws GlanceError `config` when something that a login needs is missing
 */
export function readKeystoneSettings(config: AuthConfig): KeystoneSettings {
  const login = readServiceLogin(config, "keystone_authtoken");
  return {
    login,
    wwwAuthenticateUri: text(config, "keystone_authtoken.www_authenticate_uri") ?? login.authUrl,
    interface: (text(config, "keystone_authtoken.interface") ?? "internal").replace(/URL$/, ""),
    region: text(config, "keystone_authtoken.region_name"),
    maxRetries: number(config, "keystone_authtoken.http_request_max_retries", 3),
    includeCatalog: flag(config, "keystone_authtoken.include_service_catalog", true),
    tokenCacheTime: number(config, "keystone_authtoken.token_cache_time", 300),
    serviceTokenRoles: list(config, "keystone_authtoken.service_token_roles") ?? ["service"],
    serviceTokenRolesRequired: flag(config, "keystone_authtoken.service_token_roles_required", true),
    serviceType: text(config, "keystone_authtoken.service_type"),
    memcachedServers: list(config, "keystone_authtoken.memcached_servers") ?? [],
  };
}

/** Trust and limits of requests to Keystone, for `makeOutbound({ keystone: … })`. */
export function keystoneOutbound(config: AuthConfig): OutboundOptions {
  const seconds = number(
    config,
    "keystone_authtoken.http_connect_timeout",
    number(config, "keystone_authtoken.timeout", 0),
  );
  const limit = seconds > 0 ? seconds * 1000 : ANSWER_TIMEOUT_MS;
  return {
    caFile: text(config, "keystone_authtoken.cafile"),
    insecure: flag(config, "keystone_authtoken.insecure", false),
    certFile: text(config, "keystone_authtoken.certfile"),
    keyFile: text(config, "keystone_authtoken.keyfile"),
    connectTimeoutMs: limit,
    totalTimeoutMs: limit * 2,
  };
}

/**
 * Reads the login of one section (`keystone_authtoken`, `oslo_limit` …).
 * @throws GlanceError `config`, naming the section and the missing option
 */
export function readServiceLogin(config: AuthConfig, section: string): ServiceLogin {
  const read = (name: string) => text(config, `${section}.${name}`);
  const need = (value: string | null, name: string) =>
    value ?? fail("config", `[${section}] ${name} is not set.`);
  const authUrl = need(read("auth_url"), "auth_url").replace(/\/+$/, "");
  if (!/^https?:\/\//.test(authUrl) || !URL.canParse(authUrl)) {
    fail("config", `[${section}] auth_url is not an http or https URL.`);
  }
  const fallback = { id: read("default_domain_id"), name: read("default_domain_name") };
  const within = (id: string | null, name: string | null, kind: string): Named => {
    const domainId = read(`${kind}_domain_id`);
    const domainName = domainId === null ? read(`${kind}_domain_name`) : null;
    if (id !== null || name === null) return { id, name: null, domainId: null, domainName: null };
    if (domainId !== null || domainName !== null) return { id, name, domainId, domainName };
    if (fallback.id === null) need(fallback.name, `${kind}_domain_name (or ${kind}_domain_id)`);
    return { id, name, domainId: fallback.id, domainName: fallback.id === null ? fallback.name : null };
  };
  const type = read("auth_type") ?? "password";
  const readUser = () => {
    const user = within(read("user_id"), read("username"), "user");
    if (user.id === null) need(user.name, "username (or user_id)");
    return user;
  };
  if (PASSWORD_TYPES.includes(type)) {
    const method = {
      kind: "password",
      user: readUser(),
      password: need(read("password"), "password"),
    } as const;
    return { authUrl, method, scope: readScope(read, within) };
  }
  if (type === CREDENTIAL_TYPE) {
    const id = read("application_credential_id");
    const name = read("application_credential_name");
    if (id === null) need(name, "application_credential_id (or application_credential_name)");
    const secret = need(read("application_credential_secret"), "application_credential_secret");
    return {
      authUrl,
      method: { kind: "application_credential", id, name, user: id === null ? readUser() : null, secret },
      scope: { kind: "none" },
    };
  }
  return fail(
    "config",
    `[${section}] auth_type "${type}" is not known: use ${[...PASSWORD_TYPES, CREDENTIAL_TYPE].join(", ")}.`,
  );
}

function readScope(
  read: (name: string) => string | null,
  within: (id: string | null, name: string | null, kind: string) => Named,
): ServiceLogin["scope"] {
  const trust = read("trust_id");
  if (trust !== null) return { kind: "trust", id: trust };
  if (read("system_scope") !== null) return { kind: "system" };
  const project = within(read("project_id"), read("project_name"), "project");
  if (project.id !== null || project.name !== null) return { kind: "project", project };
  const id = read("domain_id");
  const name = read("domain_name");
  return id !== null || name !== null ? { kind: "domain", id, name } : { kind: "none" };
}

function text(config: AuthConfig, name: string): string | null {
  const value = config.get(name);
  return typeof value === "string" && value !== "" ? value : null;
}

function number(config: AuthConfig, name: string, fallback: number): number {
  const value = config.get(name);
  return typeof value === "number" ? value : fallback;
}

function flag(config: AuthConfig, name: string, fallback: boolean): boolean {
  const value = config.get(name);
  return typeof value === "boolean" ? value : fallback;
}

function list(config: AuthConfig, name: string): readonly string[] | null {
  const value = config.get(name);
  return Array.isArray(value) ? value : null;
}
