import { fail } from "../errors.ts";

/** The scheme of a location, lower-case; null when it has none. */
export function schemeOrNull(url: string): string | null {
  return /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase() ?? null;
}

/** The scheme of a location, lower-case. Errors: store_bad_uri. */
export function schemeOf(url: string): string {
  return schemeOrNull(url) ?? fail("store_bad_uri", "The Store URI was malformed.");
}

/** A location without its user-info and query, for logs: either may hold credentials. */
export function withoutSecrets(url: string): string {
  const start = url.indexOf("://");
  if (start < 0) return "(malformed)";
  // S3 secrets may hold "/", so all up to the last "@" goes.
  const at = url.lastIndexOf("@");
  const rest = at < 0 ? url.slice(start + 3) : url.slice(at + 1);
  return `${url.slice(0, start)}://${rest.split(/[?#]/, 1)[0]}`;
}

/**
 * The absolute path of a `file://` or `filesystem://` location: what follows the scheme as it stands, not
 * URL-decoded, up to a `?` or `#` (spec/stores.md §2). Errors: store_bad_uri.
 */
export function pathOf(url: string): string {
  const scheme = schemeOf(url);
  const path = url.slice(scheme.length + 3).split(/[?#]/, 1)[0]!;
  const malformed = scheme !== "file" && scheme !== "filesystem" || !path.startsWith("/") ||
    path.includes("\0") || path.split("/").includes("..");
  if (malformed) fail("store_bad_uri", "The Store URI was malformed.");
  return path;
}

/** The id of the store that holds a location; `backend` is the key's older name (spec/stores.md §1.4). */
export function storeIdOf(metadata: Record<string, unknown>): string | null {
  const id = metadata.store ?? metadata.backend;
  return typeof id === "string" ? id : null;
}

/**
 * How much of a location a store's URL prefix covers, 0 = it is not of that store. Whole path segments count:
 * `file:///data/img` does not own `file:///data/img2/x`. User-info is left out, so that a change of credentials
 * does not lose locations; a prefix without `://` owns all of its scheme.
 */
export function prefixLength(url: string, prefix: string): number {
  if (!prefix.includes("://")) return url.toLowerCase().startsWith(prefix) ? 1 : 0;
  const bare = prefix.replace(/\/+$/, "");
  const plain = /^file(system)?:\/\//i.test(url)
    ? `file${url.slice(url.indexOf("://"))}`
    : url.replace(/:\/\/.*@/, "://");
  return plain === bare || plain.startsWith(`${bare}/`) ? bare.length : 0;
}
