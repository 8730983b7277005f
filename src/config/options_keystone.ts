import { bool, choice, float, int, list, str } from "./option.ts";

const plugin = true;

/** How a service logs in to Keystone: the options of keystoneauth's plugins and sessions (docs/reference/configuration.md §6). */
export const LOGIN_OPTIONS = {
  auth_type: str({ aliases: ["auth_plugin"], plugin, help: "Kind of login, for example password." }),
  auth_section: str({ help: "Section with the options of the login, when it is another than this one." }),
  auth_url: str({ plugin, help: "URL of Keystone, with or without /v3." }),
  username: str({ plugin, aliases: ["user_name", "user-name"], help: "Name of the service's user." }),
  user_id: str({ plugin, help: "Id of the service's user." }),
  password: str({ plugin, secret: true, help: "Password of the service's user." }),
  user_domain_id: str({ plugin, help: "Id of the user's domain." }),
  user_domain_name: str({ plugin, help: "Name of the user's domain." }),
  project_id: str({ plugin, aliases: ["tenant_id", "tenant-id"], help: "Id of the service's project." }),
  project_name: str({
    plugin,
    aliases: ["tenant_name", "tenant-name"],
    help: "Name of the service's project.",
  }),
  project_domain_id: str({ plugin, help: "Id of the project's domain." }),
  project_domain_name: str({ plugin, help: "Name of the project's domain." }),
  domain_id: str({ plugin, help: "Id of the domain to which the token is scoped." }),
  domain_name: str({ plugin, help: "Name of the domain to which the token is scoped." }),
  system_scope: str({ plugin, help: "`all` scopes the token to the system." }),
  trust_id: str({ plugin, help: "Id of the trust to log in with." }),
  default_domain_id: str({ plugin, help: "Id of the domain of user and project when none is given." }),
  default_domain_name: str({ plugin, help: "Name of the domain of user and project when none is given." }),
  application_credential_id: str({
    plugin,
    help: "Id of the application credential, for v3applicationcredential.",
  }),
  application_credential_name: str({
    plugin,
    help: "Name of the application credential, for v3applicationcredential.",
  }),
  application_credential_secret: str({ plugin, secret: true, help: "Secret of the application credential." }),
  token: str({ plugin, secret: true, help: "Token of the login kinds token and v3token." }),
  region_name: str({ help: "Region of the endpoint." }),
  cafile: str({ help: "File of CA certificates; unset means the system's." }),
  certfile: str({ help: "Client certificate." }),
  keyfile: str({ help: "Key of the client certificate." }),
  insecure: bool({ default: false, help: "Do not check certificates." }),
  timeout: int({ help: "Seconds for one request." }),
  tls_ciphers: str({ acts: false, help: "Ciphers of TLS, as OpenSSL names them." }),
  tls_min_version: choice({
    choices: ["1.2", "1.3"],
    acts: false,
    help: "Oldest version of TLS; versions before 1.2 are always refused.",
  }),
  split_loggers: bool({
    default: false,
    acts: false,
    help: "Log requests to Keystone by several Python loggers.",
  }),
  collect_timing: bool({ default: false, acts: false, help: "Measure the time of each request in Python." }),
};

/** `[keystone_authtoken]` (docs/reference/configuration.md §6). */
export const AUTHTOKEN_OPTIONS = {
  ...LOGIN_OPTIONS,
  www_authenticate_uri: str({
    aliases: ["auth_uri"],
    help: "URL in the WWW-Authenticate header; unset means auth_url.",
  }),
  auth_version: str({ acts: false, help: "Version of Keystone's API; by default it is discovered." }),
  interface: choice({
    choices: ["public", "internal", "admin"],
    default: "internal",
    ignoreCase: true,
    help: "Which of Keystone's endpoints in the catalog to use.",
  }),
  http_connect_timeout: int({
    help: "Seconds until Keystone begins to answer; unset means as long as [oneglance] keystone_timeout.",
  }),
  http_request_max_retries: int({ default: 3, help: "Attempts to connect to Keystone." }),
  delay_auth_decision: bool({
    default: true,
    help:
      "Let requests without a valid token reach the service, for allow_anonymous_access, and those whose " +
      "service token is not valid. The default is false when a paste file does not set it.",
  }),
  memcached_servers: list({
    default: [],
    aliases: ["memcache_servers"],
    help: "Servers of a shared token cache; empty means a cache inside the process.",
  }),
  token_cache_time: int({ default: 300, help: "Seconds a token's validation is kept; -1 keeps none." }),
  memcache_security_strategy: choice({
    acts: false,
    choices: ["None", "MAC", "ENCRYPT"],
    default: "None",
    ignoreCase: true,
    help: "Sign (MAC) or encrypt (ENCRYPT) the tokens in memcached.",
  }),
  memcache_secret_key: str({
    acts: false,
    secret: true,
    help: "Key for memcache_security_strategy; required with it.",
  }),
  memcache_tls_enabled: bool({ default: false, acts: false, help: "Use TLS to memcached." }),
  memcache_tls_cafile: str({ acts: false, help: "CA certificates for memcached." }),
  memcache_tls_certfile: str({ acts: false, help: "Client certificate for memcached." }),
  memcache_tls_keyfile: str({ acts: false, help: "Key of memcache_tls_certfile." }),
  memcache_tls_allowed_ciphers: str({ acts: false, help: "Ciphers of TLS to memcached." }),
  memcache_sasl_enabled: bool({ default: false, acts: false, help: "Log in to memcached with SASL." }),
  memcache_username: str({ acts: false, help: "User name at memcached." }),
  memcache_password: str({ secret: true, acts: false, help: "Password at memcached." }),
  memcache_use_advanced_pool: bool({
    default: true,
    acts: false,
    help: "Use oslo.cache's pool of connections to memcached.",
  }),
  memcache_pool_maxsize: int({ default: 10, acts: false, help: "Connections in the pool of memcached." }),
  memcache_pool_dead_retry: int({
    default: 300,
    acts: false,
    help: "Seconds after which a memcached server that failed is tried again.",
  }),
  memcache_pool_socket_timeout: float({
    default: 3,
    acts: false,
    help: "Seconds to wait for an answer of memcached.",
  }),
  memcache_pool_unused_timeout: int({
    default: 60,
    acts: false,
    help: "Seconds after which an unused connection to memcached is closed.",
  }),
  memcache_pool_conn_get_timeout: int({
    default: 10,
    acts: false,
    help: "Seconds to wait for a free connection of the pool.",
  }),
  cache: str({ acts: false, help: "Key of Swift's cache in the WSGI environment. Used by Swift." }),
  include_service_catalog: bool({ default: true, help: "Ask Keystone for the catalog of a token." }),
  enforce_token_bind: str({ default: "permissive", acts: false, help: "Token binding; gone from Keystone." }),
  service_token_roles: list({ default: ["service"], help: "Roles of which a service token must have one." }),
  service_token_roles_required: bool({
    default: true,
    help:
      "Refuse service tokens without such a role; before 2026.2 (keystonemiddleware 13.0.0) the default was " +
      "false.",
  }),
  service_type: str({ help: "Type of this service, for access rules of application credentials." }),
};

/** `[oslo_limit]` (docs/reference/configuration.md §14). */
export const LIMIT_OPTIONS = {
  ...LOGIN_OPTIONS,
  endpoint_id: str({ help: "Id of this service's endpoint, under which its limits are registered." }),
  endpoint_service_name: str({ help: "Name of the service, to find the endpoint without endpoint_id." }),
  endpoint_service_type: str({ help: "Type of the service, to find the endpoint without endpoint_id." }),
  endpoint_region_name: str({ help: "Region of the endpoint, to find it without endpoint_id." }),
  endpoint_interface: str({
    default: "public",
    help: "Interface of the endpoint, to find it without endpoint_id.",
  }),
  valid_interfaces: list({ default: [], help: "Keystone's endpoints to use, in order of preference." }),
  endpoint_override: str({ help: "URL of Keystone instead of the catalog's." }),
  service_type: str({ acts: false, help: "Type of Keystone in the catalog." }),
  service_name: str({ acts: false, help: "Name of Keystone in the catalog." }),
  version: str({ acts: false, help: "Version of Keystone's API to use." }),
  min_version: str({ acts: false, help: "Oldest version of Keystone's API to use." }),
  max_version: str({ acts: false, help: "Newest version of Keystone's API to use." }),
  connect_retries: int({ acts: false, help: "Times to try again after a failed connection to Keystone." }),
  connect_retry_delay: float({ acts: false, help: "Seconds before a connection is tried again." }),
  status_code_retries: int({
    acts: false,
    help: "Times to try again after a status of retriable_status_codes.",
  }),
  status_code_retry_delay: float({ acts: false, help: "Seconds before a request is tried again." }),
  retriable_status_codes: list({
    default: [],
    acts: false,
    help: "Statuses after which a request is tried again.",
  }),
};
