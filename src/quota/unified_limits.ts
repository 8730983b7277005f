/** Keystone's unified limits of a project, cached briefly (docs/reference/images-api.md §3.9). */
import { makeKeystoneRequest } from "../auth/keystone_request.ts";
import { makeServiceSession } from "../auth/service_session.ts";
import { TokenCache } from "../auth/token_cache.ts";
import type { Config } from "../config/config.ts";
import { fail, isError } from "../errors.ts";
import type { OutboundFetch } from "../net/outbound.ts";
import { getLog } from "../observe/log.ts";
import { type Limits, makeKeystoneLimits } from "./keystone_limits.ts";
import { readLimitSettings } from "./limit_settings.ts";

/** Seconds for which an answer of Keystone is cached: a burst asks once, and a changed limit acts soon. */
const HOLDS = 2;

/** Attempts to connect to Keystone after the first. */
const RETRIES = 2;

export interface UnifiedLimits {
  /**
   * Limits of a project by resource: its own, else the registered ones (only those for null); -1 = unlimited, a
   * resource that is not registered is missing. Errors: unavailable.
   */
  of(projectId: string | null): Promise<Limits>;
}

/**
 * Makes the reader of limits; sends nothing to Keystone yet.
 * @throws GlanceError `config` when `[oslo_limit]` is incomplete
 */
export function makeUnifiedLimits(
  config: Pick<Config, "get">,
  outbound: OutboundFetch,
  now: () => number = Date.now,
): UnifiedLimits {
  const settings = readLimitSettings(config);
  const request = makeKeystoneRequest((url, init) => outbound(url, { ...init, use: "limits" }), RETRIES);
  const keystone = makeKeystoneLimits(settings, makeServiceSession(settings.login, request, now), request);
  const kept = new TokenCache<Limits>({ seconds: HOLDS, now });
  const log = getLog("oneglance.quota");
  const find = async (kind: string, key: string, ask: () => Promise<Limits>) =>
    await kept.find(key, kind, ask) ?? new Map();
  return {
    of: async (projectId) => {
      try {
        const registered = await find("registered", "", () => keystone.registered());
        if (projectId === null) return registered;
        const own = await find("project", `project ${projectId}`, () => keystone.of(projectId));
        return new Map([...registered, ...own]);
      } catch (error) {
        if (!isError(error, "unavailable")) throw error;
        log.error(`Limits cannot be read: ${error.message}`, { repeated: "limits" });
        // Errors and addresses of Keystone are for the log only.
        return fail("unavailable", "The Keystone service is temporarily unavailable.", { cause: error });
      }
    },
  };
}
