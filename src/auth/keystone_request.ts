/** One request to Keystone, repeated when the connection fails. */
import { GlanceError, isError } from "../errors.ts";
import { isTimeout } from "../net/failure.ts";
import type { OutboundFetch } from "../net/outbound.ts";

/** Milliseconds before the second try; doubled for each further one. */
const BACK_OFF_MS = 100;

/** A complete answer; `body` is undefined when it is not JSON. */
interface KeystoneAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** Sends one request and reads the answer. Errors: `unavailable`. */
export type KeystoneRequest = (
  url: string,
  init?: { method?: string; headers?: Record<string, string>; body?: string },
) => Promise<KeystoneAnswer>;

/** Makes the request function. Does not repeat after a time-out: the caller has waited long enough. */
export function makeKeystoneRequest(outbound: OutboundFetch, maxRetries: number): KeystoneRequest {
  return async (url, init = {}) => {
    for (let attempt = 0;; attempt++) {
      try {
        return await once(outbound, url, init);
      } catch (error) {
        const again = isError(error, "unavailable") && !isTimeout(error.cause) && attempt < maxRetries;
        if (!again) throw error;
        await new Promise((wake) => setTimeout(wake, BACK_OFF_MS * 2 ** Math.min(attempt, 4)));
      }
    }
  };
}

async function once(
  outbound: OutboundFetch,
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<KeystoneAnswer> {
  const headers = { accept: "application/json", "user-agent": "oneglance", ...init.headers };
  const response = await outbound(new URL(url), { ...init, headers, use: "keystone" });
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw new GlanceError("unavailable", `The answer of ${new URL(url).host} broke off.`, { cause });
  }
  return { status: response.status, headers: response.headers, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
