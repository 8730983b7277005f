/** The filter of URLs that users give (spec/images-api.md §2.8.6, spec/background-jobs.md §4.2). */
import { isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { type GuardOptions, makeGuard, passes } from "./guard.ts";
import type { Guard } from "./outbound.ts";
import { readUri } from "./uri_text.ts";

const log = getLog("oneglance.outbound");

/** Judges URLs by `[import_filtering_opts]` and `[oneglance] outbound_…`. */
export interface UriFilter {
  /**
   * Returns the URL that may be asked; null for one that may not: why is in the log, with its addresses, and no business
   * of the user's, who could ask our resolver otherwise.
   * @param credentials whether it may name a user and password
   */
  read(text: unknown, options?: { credentials?: boolean }): Promise<URL | null>;
  /** The same judgement of each request, whose connection goes to an address that passed. */
  readonly guard: Guard;
}

/** Makes the filter. Errors: config, for lists that are none. */
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
        ? "it names a user"
        // A URL does not tell its scheme's own port from none.
        : written.port !== null && !passes(String(Number(written.port)), ports)
        ? "[import_filtering_opts] does not allow its port"
        : null;
      if (typeof written === "string" || why !== null) {
        log.warn(
          `${typeof written === "string" ? "a URL of a user" : written.url.origin} is not asked: ${why}`,
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
