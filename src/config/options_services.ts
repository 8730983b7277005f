import { bool, choice, float, int, list, multi, str, uri } from "./option.ts";
import { LOGIN_OPTIONS } from "./options_keystone.ts";

/** `[oslo_concurrency]` (docs/reference/configuration.md §15). */
export const CONCURRENCY_OPTIONS = {
  lock_path: str({
    aliases: ["DEFAULT.lock_path"],
    env: "OSLO_LOCK_PATH",
    acts: false,
    help: "Directory of lock files; by default that of the variable OSLO_LOCK_PATH.",
  }),
  disable_process_locking: bool({ default: false, acts: false, help: "Do not lock." }),
};

/** `[profiler]` (docs/reference/configuration.md §15). */
export const PROFILER_OPTIONS = {
  enabled: bool({ default: false, acts: false, help: "osprofiler; there is none here." }),
  trace_sqlalchemy: bool({ default: false, acts: false, help: "osprofiler." }),
  hmac_keys: str({ default: "SECRET_KEY", secret: true, acts: false, help: "osprofiler." }),
  connection_string: str({ default: "messaging://", secret: true, acts: false, help: "osprofiler." }),
  filter_error_trace: bool({ default: false, acts: false, help: "osprofiler." }),
  es_doc_type: str({ default: "notification", acts: false, help: "osprofiler." }),
  es_scroll_time: str({ default: "2m", acts: false, help: "osprofiler." }),
  es_scroll_size: int({ default: 10000, acts: false, help: "osprofiler." }),
  socket_timeout: float({ default: 0.1, acts: false, help: "osprofiler." }),
  sentinel_service_name: str({ default: "mymaster", acts: false, help: "osprofiler." }),
};

/** `[key_manager]` (docs/reference/configuration.md §15): where certificates of signed images are. */
export const KEY_MANAGER_OPTIONS = {
  backend: str({ default: "barbican", aliases: ["api_class"], help: "barbican, vault, or a class path." }),
  auth_type: str({ acts: false, help: "Castellan's own login." }),
  auth_url: str({ acts: false, help: "Castellan's own login." }),
  token: str({ acts: false, secret: true, help: "Castellan's own login." }),
  username: str({ acts: false, help: "Castellan's own login." }),
  password: str({ acts: false, secret: true, help: "Castellan's own login." }),
  user_id: str({ acts: false, help: "Castellan's own login." }),
  user_domain_id: str({ acts: false, help: "Castellan's own login." }),
  user_domain_name: str({ acts: false, help: "Castellan's own login." }),
  trust_id: str({ acts: false, help: "Castellan's own login." }),
  domain_id: str({ acts: false, help: "Castellan's own login." }),
  domain_name: str({ acts: false, help: "Castellan's own login." }),
  project_id: str({ acts: false, help: "Castellan's own login." }),
  project_name: str({ acts: false, help: "Castellan's own login." }),
  project_domain_id: str({ acts: false, help: "Castellan's own login." }),
  project_domain_name: str({ acts: false, help: "Castellan's own login." }),
  reauthenticate: bool({ default: true, acts: false, help: "Castellan's own login." }),
};

/** `[barbican]` (docs/reference/configuration.md §15). */
export const BARBICAN_OPTIONS = {
  barbican_endpoint: str({ help: "URL of Barbican instead of the catalog's." }),
  barbican_api_version: str({ help: "Version of Barbican's API." }),
  auth_endpoint: uri({
    acts: false,
    default: "http://localhost/identity/v3",
    aliases: ["key_manager.auth_url"],
    help: "Not used: the key manager is asked with the token of who uploads.",
  }),
  barbican_endpoint_type: choice({
    choices: ["public", "internal", "admin"],
    default: "public",
    help: "Which endpoint of the catalog.",
  }),
  barbican_region_name: str({ help: "Region of the endpoint." }),
  verify_ssl: bool({ default: true, help: "Check certificates." }),
  verify_ssl_path: str({ help: "CA certificates." }),
  number_of_retries: int({ acts: false, default: 60, help: "Not used." }),
  retry_delay: int({ acts: false, default: 1, help: "Not used." }),
  send_service_user_token: bool({
    acts: false,
    default: false,
    help: "Not used.",
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
    help: "Vault.",
  }),
  auth_path: str({ acts: false, help: "Vault." }),
  token_role: str({ acts: false, help: "Vault." }),
  token_file: str({ acts: false, help: "Vault." }),
  root_token_id: str({ acts: false, secret: true, help: "Vault." }),
  approle_role_id: str({ acts: false, secret: true, help: "Vault." }),
  approle_secret_id: str({ acts: false, secret: true, help: "Vault." }),
  kv_mountpoint: str({ default: "secret", acts: false, help: "Vault." }),
  kv_path: str({ acts: false, help: "Vault." }),
  kv_version: int({ default: 2, acts: false, help: "Vault." }),
  vault_url: str({ default: "http://127.0.0.1:8200", acts: false, help: "Vault." }),
  ssl_ca_crt_file: str({ acts: false, help: "Vault." }),
  use_ssl: bool({ default: false, acts: false, help: "Vault." }),
  namespace: str({ acts: false, help: "Vault." }),
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
    help: "Not part of the image service's pipeline; see [oneglance] max_json_body.",
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
  disable_by_file_paths: list({ default: [], help: "Such files by port, as port:path." }),
  enable_by_file_paths: list({
    default: [],
    help: "While one of these files is missing, the answer is 503.",
  }),
  detailed: bool({ default: false, help: "Say more in the answer." }),
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
    help: "Directories of more such files.",
  }),
  policy_default_rule: str({
    default: "default",
    aliases: ["DEFAULT.policy_default_rule"],
    help: "Rule for unknown names.",
  }),
  enforce_new_defaults: bool({
    default: true,
    help: "false lets deprecated rules pass beside the new ones.",
  }),
  enforce_scope: bool({ default: true, acts: false, help: "Gone with oslo.policy 6." }),
  remote_content_type: choice({
    choices: ["application/x-www-form-urlencoded", "application/json"],
    default: "application/x-www-form-urlencoded",
    help: "Body of `http:` checks.",
  }),
  remote_ssl_verify_server_crt: bool({ default: false, help: "Check certificates of `http:` checks." }),
  remote_ssl_ca_crt_file: str({ help: "CA certificates of `http:` checks." }),
  remote_ssl_client_crt_file: str({ help: "Client certificate of `http:` checks." }),
  remote_ssl_client_key_file: str({ help: "Its key." }),
  remote_timeout: float({ default: 60, min: 0, help: "Seconds for an `http:` check." }),
};
