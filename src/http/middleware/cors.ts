/** CORS (docs/reference/auth-and-middleware.md §5), for errors as well. `hono/cors` differs from oslo.middleware's rules. */
import type { Config } from "../../config/config.ts";

const SIMPLE = [
  "accept",
  "accept-language",
  "content-type",
  "cache-control",
  "content-language",
  "expires",
  "last-modified",
  "pragma",
];

interface Cors {
  /** Returns the headers of an ordinary response to `origin`; none for an origin that is not configured. */
  simple(origin: string): Record<string, string>;
  /** Returns the headers of the response to a preflight. */
  preflight(request: Request): Record<string, string>;
}

/** Returns null if no origin is configured. */
export function makeCors(config: Config): Cors | null {
  const origins = config.get("cors.allowed_origin");
  if (!origins || origins.length === 0) return null;
  const credentials = config.get("cors.allow_credentials");
  const expose = config.get("cors.expose_headers").join(",");
  const methods = config.get("cors.allow_methods");
  const allowed = new Set([...SIMPLE, ...config.get("cors.allow_headers").map((name) => name.toLowerCase())]);
  const maxAge = String(config.get("cors.max_age"));

  const common = (origin: string): Record<string, string> | null => {
    const listed = origins.includes(origin);
    if (!listed && !origins.includes("*")) return null;
    return {
      "access-control-allow-origin": listed ? origin : "*",
      ...(credentials ? { "access-control-allow-credentials": "true" } : {}),
    };
  };

  return {
    simple(origin) {
      const headers = common(origin);
      if (!headers) return {};
      return { ...headers, vary: "Origin", ...(expose ? { "access-control-expose-headers": expose } : {}) };
    },
    preflight(request) {
      const origin = request.headers.get("origin");
      const method = request.headers.get("access-control-request-method");
      if (origin === null || method === null) return {};
      const headers = common(origin);
      const wanted = (request.headers.get("access-control-request-headers") ?? "")
        .split(",").map((name) => name.trim()).filter((name) => name !== "");
      if (!headers || !methods.includes(method)) return {};
      if (wanted.some((name) => !allowed.has(name.toLowerCase()))) return {};
      return {
        ...headers,
        vary: "Origin",
        "access-control-max-age": maxAge,
        "access-control-allow-methods": method,
        ...(wanted.length > 0 ? { "access-control-allow-headers": wanted.join(",") } : {}),
      };
    },
  };
}
