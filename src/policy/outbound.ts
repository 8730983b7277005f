/** Trust and time limits of `http:` and `https:` checks (spec/policy.md §2). */
import type { Config } from "../config/config.ts";
import type { OutboundOptions } from "../net/outbound.ts";

/** From the `remote_…` options of `[oslo_policy]`; without `remote_ssl_verify_server_crt` no certificate is checked. */
export function policyOutbound(config: Pick<Config, "get">): OutboundOptions {
  return {
    insecure: !config.get("oslo_policy.remote_ssl_verify_server_crt"),
    caFile: config.get("oslo_policy.remote_ssl_ca_crt_file"),
    certFile: config.get("oslo_policy.remote_ssl_client_crt_file"),
    keyFile: config.get("oslo_policy.remote_ssl_client_key_file"),
    connectTimeoutMs: config.get("oslo_policy.remote_timeout") * 1000,
  };
}
