/** The filter for URLs from users (docs/reference/images-api.md §2.8.6, docs/reference/background-jobs.md §4.2). */
import { isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { type GuardOptions, makeGuard, passes } from "./guard.ts";
import type { Guard } from "./outbound.ts";
import { readUri } from "./uri_text.ts";

const log = getLog("oneglance.outbound");

/** Checks URLs against `[import_filtering_opts]` and `[oneglance] outbound_…`. */
export interface UriFilter {
  /**
   * Returns the URL, or null if it is refused. The reason is only logged: it contains addresses, and would let the user
   * query our resolver.
   * @param credentials whether it may contain user and password
   */
  read(text: unknown, options?: { credentials?: boolean }): Promise<URL | null>;
  /** The same check for each request, which then connects to an address that passed. */
  readonly guard: Guard;
}

/** Makes the filter. Errors: config, for invalid lists. */
export function makeUriFilter(options: GuardOptions): UriFilter {
  const guard = makeGuard("user", options);
  const ports = options.filter?.ports ?? { allowed: [], disallowed: [] };
  return {
    guard,
    async read(text, { credentials = false } = {}) {
      const written = readUri(text);
      const why = typeof written === "string"
        ? written
        : written.credentials && !credentials
        ? "it contains a user"
        // URL drops a port that is the scheme's default.
        : written.port !== null && !passes(String(Number(written.port)), ports)
        ? "[import_filtering_opts] does not allow its port"
        : null;
      if (typeof written === "string" || why !== null) {
        log.warn(
          `request to ${typeof written === "string" ? "a user's URL" : written.url.origin} refused: ${why}`,
        );
        return null;
      }
      try {
        await guard(written.url);
        return written.url;
      } catch (error) {
        if (!isError(error, "bad_request")) throw error;
        return null;
      }
    },
  };
}
