/** Trust and limits of every request to another server, one row for each use. */
import type { Config } from "../config/config.ts";
import { guardOptions, makeGuard } from "./guard.ts";
import type { OutboundOptions, OutboundUse } from "./outbound.ts";

/** Milliseconds for a server of images to answer. */
const IMAGE_SERVER_MS = 30_000;
/** Milliseconds for the key manager to answer. */
const KEY_MANAGER_MS = 20_000;
/** Milliseconds for another worker of this service to answer. */
const PEER_MS = 60_000;

type Settings = Pick<Config, "get">;

/** Reads the trust and the limits of all uses, for `makeOutbound`. Errors: config. */
export function outboundUses(config: Pick<Config, "get" | "store">): Record<OutboundUse, OutboundOptions> {
  const lists = guardOptions(config);
  const user = makeGuard("user", lists);
  return {
    keystone: keystone(config),
    limits: limits(config),
    location: {
      ...httpStore(config),
      connectTimeoutMs: IMAGE_SERVER_MS,
      stallMs: config.get("oneglance.body_stall_timeout") * 1000,
      guard: user,
      asSent: true,
    },
    import: { connectTimeoutMs: IMAGE_SERVER_MS, guard: user, asSent: true },
    policy: { ...policy(config), guard: makeGuard("operator", lists) },
    policy_by_target: { ...policy(config), guard: makeGuard("target", lists) },
    barbican: {
      caFile: config.get("barbican.verify_ssl_path"),
      insecure: !config.get("barbican.verify_ssl"),
      connectTimeoutMs: KEY_MANAGER_MS,
      totalTimeoutMs: KEY_MANAGER_MS * 2,
    },
    // The endpoints of one cloud share their authority. No guard: workers are in private networks, and their URLs come
    // from their own configuration (docs/reference/images-api.md §2.8.5).
    peer: {
      caFile: config.get("keystone_authtoken.cafile"),
      insecure: config.get("keystone_authtoken.insecure"),
      connectTimeoutMs: PEER_MS,
      totalTimeoutMs: PEER_MS,
    },
  };
}

function keystone(config: Settings): OutboundOptions {
  return {
    caFile: config.get("keystone_authtoken.cafile"),
    insecure: config.get("keystone_authtoken.insecure"),
    certFile: config.get("keystone_authtoken.certfile"),
    keyFile: config.get("keystone_authtoken.keyfile"),
    ...keystoneTimeouts(
      config,
      config.get("keystone_authtoken.http_connect_timeout") ?? config.get("keystone_authtoken.timeout"),
    ),
  };
}

function limits(config: Settings): OutboundOptions {
  return {
    caFile: config.get("oslo_limit.cafile"),
    insecure: config.get("oslo_limit.insecure"),
    certFile: config.get("oslo_limit.certfile"),
    keyFile: config.get("oslo_limit.keyfile"),
    ...keystoneTimeouts(config, config.get("oslo_limit.timeout")),
  };
}

/**
 * The timeout of the response's head is the section's, that of the whole response `[oneglance] keystone_timeout`. One
 * that is unset or 0, or a whole that is shorter than the head, takes the other's value.
 */
function keystoneTimeouts(
  config: Settings,
  seconds: number | null,
): Pick<OutboundOptions, "connectTimeoutMs" | "totalTimeoutMs"> {
  const total = config.get("oneglance.keystone_timeout");
  const head = seconds !== null && seconds > 0 ? seconds : total;
  return { connectTimeoutMs: head * 1000, totalTimeoutMs: Math.max(head, total) * 1000 };
}

/** The http store's (docs/reference/stores.md §3): a CA file wins, else `https_insecure`, true by default. */
function httpStore(config: Pick<Config, "get" | "store">): Pick<OutboundOptions, "caFile" | "insecure"> {
  const backends = config.get("DEFAULT.enabled_backends");
  const id = backends && [...backends].find(([, type]) => type === "http" || type === "https")?.[0];
  const options = config.store(id ?? null);
  const caFile = options.get("https_ca_certificates_file");
  return { caFile, insecure: !caFile && options.get("https_insecure") };
}

/** `http:` and `https:` checks of policies (docs/reference/policy.md §2). By default no certificate is checked. */
function policy(config: Settings): OutboundOptions {
  return {
    insecure: !config.get("oslo_policy.remote_ssl_verify_server_crt"),
    caFile: config.get("oslo_policy.remote_ssl_ca_crt_file"),
    certFile: config.get("oslo_policy.remote_ssl_client_crt_file"),
    keyFile: config.get("oslo_policy.remote_ssl_client_key_file"),
    connectTimeoutMs: config.get("oslo_policy.remote_timeout") * 1000,
  };
}
