/** Trust and time limits of requests to another worker of this service (spec/images-api.md §2.8.5). */
import type { Config } from "../config/config.ts";
import type { OutboundOptions } from "./outbound.ts";

const PATIENCE_MS = 60_000;

/**
 * Certificates are checked by `[keystone_authtoken] cafile` beside the system's: endpoints of one cloud share their
 * authority. No guard: workers stand in private networks, and their URLs come from their own configuration.
 */
export function peerOutbound(config: Pick<Config, "get">): OutboundOptions {
  return {
    caFile: config.get("keystone_authtoken.cafile"),
    insecure: config.get("keystone_authtoken.insecure"),
    connectTimeoutMs: PATIENCE_MS,
    totalTimeoutMs: PATIENCE_MS,
  };
}
