import { bool, choice, float, int, list, multi, str, uri } from "./option.ts";
import { LOGIN_OPTIONS } from "./options_keystone.ts";

/** `[oslo_concurrency]` (docs/reference/configuration.md §15). */
export const CONCURRENCY_OPTIONS = {
  lock_path: str({
    aliases: ["DEFAULT.lock_path"],
    env: "OSLO_LOCK_PATH",
    acts: false,
    help: "Directory of lock files; by default that of the variable OSLO_LOCK_PATH. Not used.",
  }),
  disable_process_locking: bool({
    default: false,
    acts: false,
    help: "Do not lock between processes. Not used.",
  }),
};

/** `[profiler]` (docs/reference/configuration.md §15). */
export const PROFILER_OPTIONS = {
  enabled: bool({
    default: false,
    acts: false,
    help: "Switch on tracing with osprofiler. oneglance has no osprofiler.",
  }),
  trace_sqlalchemy: bool({ default: false, acts: false, help: "osprofiler: trace SQL statements." }),
  hmac_keys: str({
    default: "SECRET_KEY",
    secret: true,
    acts: false,
    help: "osprofiler: keys that sign the trace headers of requests.",
  }),
  connection_string: str({
    default: "messaging://",
    secret: true,
    acts: false,
    help: "osprofiler: where traces are sent.",
  }),
  filter_error_trace: bool({
    default: false,
    acts: false,
    help: "osprofiler: store traces of failed requests apart.",
  }),
  es_doc_type: str({
    default: "notification",
    acts: false,
    help: "osprofiler: document type in Elasticsearch.",
  }),
  es_scroll_time: str({
    default: "2m",
    acts: false,
    help: "osprofiler: how long Elasticsearch keeps a search open.",
  }),
  es_scroll_size: int({
    default: 10000,
    acts: false,
    help: "osprofiler: documents in one page of Elasticsearch.",
  }),
  socket_timeout: float({
    default: 0.1,
    acts: false,
    help: "osprofiler: seconds to wait for Redis Sentinel.",
  }),
  sentinel_service_name: str({
    default: "mymaster",
    acts: false,
    help: "osprofiler: name of the service in Redis Sentinel.",
  }),
};

/** `[key_manager]` (docs/reference/configuration.md §15): where certificates of signed images are. */
export const KEY_MANAGER_OPTIONS = {
  backend: str({ default: "barbican", aliases: ["api_class"], help: "barbican, vault, or a class path." }),
  auth_type: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  auth_url: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  token: str({
    acts: false,
    secret: true,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  username: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  password: str({
    acts: false,
    secret: true,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  user_id: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  user_domain_id: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  user_domain_name: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  trust_id: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  domain_id: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  domain_name: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  project_id: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  project_name: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  project_domain_id: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  project_domain_name: str({
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
  reauthenticate: bool({
    default: true,
    acts: false,
    help: "Login of Castellan itself. Not used: the key manager is asked with the caller's token.",
  }),
};

/** `[barbican]` (docs/reference/configuration.md §15). */
export const BARBICAN_OPTIONS = {
  barbican_endpoint: str({ help: "URL of Barbican instead of the catalog's." }),
  barbican_api_version: str({ help: "Version of Barbican's API." }),
  auth_endpoint: uri({
    acts: false,
    default: "http://localhost/identity/v3",
    aliases: ["key_manager.auth_url"],
    help: "URL of Keystone. Not used: Barbican is asked with the token of the caller that uploads.",
  }),
  barbican_endpoint_type: choice({
    choices: ["public", "internal", "admin"],
    default: "public",
    help: "Interface of Barbican's endpoint in the catalog.",
  }),
  barbican_region_name: str({ help: "Region of Barbican's endpoint." }),
  verify_ssl: bool({ default: true, help: "Check Barbican's certificate." }),
  verify_ssl_path: str({ help: "CA certificates for Barbican." }),
  number_of_retries: int({
    acts: false,
    default: 60,
    help: "Number of checks whether a new key is ready. Not used: oneglance creates no keys.",
  }),
  retry_delay: int({ acts: false, default: 1, help: "Seconds between two such checks. Not used." }),
  send_service_user_token: bool({
    acts: false,
    default: false,
    help: "Send a service token with the caller's. Not used.",
  }),
};

/** `[barbican_service_user]` (docs/reference/configuration.md §15). */
export const BARBICAN_USER_OPTIONS = LOGIN_OPTIONS;

/** `[vault]` (docs/reference/configuration.md §15). */
export const VAULT_OPTIONS = {
  auth_method: choice({
    choices: ["approle", "jwt", "kubernetes"],
    default: "approle",
    acts: false,
    help: "Vault: how the service logs in. oneglance does not use Vault.",
  }),
  auth_path: str({ acts: false, help: "Vault: path of the login method." }),
  token_role: str({ acts: false, help: "Vault: role of a jwt or kubernetes login." }),
  token_file: str({ acts: false, help: "Vault: file with the token of a jwt or kubernetes login." }),
  root_token_id: str({ acts: false, secret: true, help: "Vault: root token." }),
  approle_role_id: str({ acts: false, secret: true, help: "Vault: role id of an approle login." }),
  approle_secret_id: str({ acts: false, secret: true, help: "Vault: secret id of an approle login." }),
  kv_mountpoint: str({ default: "secret", acts: false, help: "Vault: mount point of the key-value store." }),
  kv_path: str({ acts: false, help: "Vault: path of the secrets below kv_mountpoint." }),
  kv_version: int({ default: 2, acts: false, help: "Vault: version of the key-value store, 1 or 2." }),
  vault_url: str({ default: "http://127.0.0.1:8200", acts: false, help: "Vault: URL of the server." }),
  ssl_ca_crt_file: str({ acts: false, help: "Vault: CA certificates." }),
  use_ssl: bool({ default: false, acts: false, help: "Vault: use TLS." }),
  namespace: str({ acts: false, help: "Vault: namespace of all requests." }),
};

/** `[cors]` (docs/reference/configuration.md §11). */
export const CORS_OPTIONS = {
  allowed_origin: list({
    default: [],
    help: "Origins allowed; empty means that no CORS header is ever sent.",
  }),
  allow_credentials: bool({ default: true, help: "Send Access-Control-Allow-Credentials." }),
  expose_headers: list({
    default: [
      "X-Image-Meta-Checksum",
      "X-Auth-Token",
      "X-Subject-Token",
      "X-Service-Token",
      "X-OpenStack-Request-ID",
    ],
    help: "Response headers that scripts may read.",
  }),
  allow_headers: list({
    default: [
      "Content-MD5",
      "X-Image-Meta-Checksum",
      "X-Storage-Token",
      "Accept-Encoding",
      "X-Auth-Token",
      "X-Identity-Status",
      "X-Roles",
      "X-Service-Catalog",
      "X-User-Id",
      "X-Tenant-Id",
      "X-OpenStack-Request-ID",
    ],
    help: "Request headers that scripts may send.",
  }),
  allow_methods: list({
    default: ["GET", "PUT", "POST", "DELETE", "PATCH"],
    help: "Methods scripts may use.",
  }),
  max_age: int({ default: 3600, help: "Seconds a preflight answer is kept." }),
};

/** `[oslo_middleware]` (docs/reference/configuration.md §12). */
export const MIDDLEWARE_OPTIONS = {
  enable_proxy_headers_parsing: bool({
    default: false,
    help: "Trust Forwarded and X-Forwarded-* headers; only behind a proxy that sets them.",
  }),
  max_request_body_size: int({
    default: 114688,
    acts: false,
    aliases: ["DEFAULT.osapi_max_request_body_size", "DEFAULT.max_request_body_size"],
    help: "Largest body of a request. Glance does not use it; see [oneglance] max_json_body.",
  }),
};

/** `[healthcheck]` (docs/reference/configuration.md §12). */
export const HEALTHCHECK_OPTIONS = {
  path: str({ default: "/healthcheck", help: "Path of the health check besides /healthcheck." }),
  backends: list({
    default: ["disable_by_file"],
    help: "Checks: disable_by_file, disable_by_files_ports, enable_by_files.",
  }),
  disable_by_file_path: str({
    default: "/etc/glance/healthcheck_disable",
    help: "While this file exists, the answer is 503.",
  }),
  disable_by_file_paths: list({
    default: [],
    help: "For disable_by_files_ports: while the file of a port exists, the answer is 503; as port:path.",
  }),
  enable_by_file_paths: list({
    default: [],
    help: "While one of these files is missing, the answer is 503.",
  }),
  detailed: bool({ default: false, help: "Answer with the result of each check and its reason." }),
  allowed_source_ranges: list({ default: [], help: "Networks that get an answer; empty means all." }),
  ignore_proxied_requests: bool({
    default: false,
    help: "Do not answer requests that came through a proxy.",
  }),
};

/** `[oslo_policy]` (docs/reference/configuration.md §13). */
export const POLICY_OPTIONS = {
  policy_file: str({
    default: "policy.yaml",
    aliases: ["DEFAULT.policy_file"],
    help: "File of policy overrides, YAML or JSON; may be missing.",
  }),
  policy_dirs: multi({
    default: ["policy.d"],
    aliases: ["DEFAULT.policy_dirs"],
    help: "Directories of more policy files, read in the order of their names.",
  }),
  policy_default_rule: str({
    default: "default",
    aliases: ["DEFAULT.policy_default_rule"],
    help: "Rule that decides for names that no rule has.",
  }),
  enforce_new_defaults: bool({
    default: true,
    help: "false lets deprecated rules pass beside the new ones.",
  }),
  enforce_scope: bool({
    default: true,
    acts: false,
    help: "Refuse tokens of the wrong scope. Without effect since oslo.policy 6: they are always refused.",
  }),
  remote_content_type: choice({
    choices: ["application/x-www-form-urlencoded", "application/json"],
    default: "application/x-www-form-urlencoded",
    help: "Content type of the body of `http:` checks.",
  }),
  remote_ssl_verify_server_crt: bool({ default: false, help: "Check certificates of `http:` checks." }),
  remote_ssl_ca_crt_file: str({ help: "CA certificates of `http:` checks." }),
  remote_ssl_client_crt_file: str({ help: "Client certificate of `http:` checks." }),
  remote_ssl_client_key_file: str({ help: "Key of remote_ssl_client_crt_file." }),
  remote_timeout: float({ default: 60, min: 0, help: "Seconds for one `http:` check." }),
};
