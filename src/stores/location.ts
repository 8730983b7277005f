import { fail } from "../errors.ts";

/** Returns the scheme of a location in lower case; null if it has none. */
export function schemeOrNull(url: string): string | null {
  return /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase() ?? null;
}

/** Returns the scheme of a location in lower case. Errors: store_bad_uri. */
export function schemeOf(url: string): string {
  return schemeOrNull(url) ?? fail("store_bad_uri", "The Store URI was malformed.");
}

/**
 * Returns the absolute path of a `file://` or `filesystem://` location: the text after the scheme, not URL-decoded, up
 * to a `?` or `#` (docs/reference/stores.md §2). Errors: store_bad_uri.
 */
export function pathOf(url: string): string {
  const scheme = schemeOf(url);
  const path = url.slice(scheme.length + 3).split(/[?#]/, 1)[0]!;
  const malformed = scheme !== "file" && scheme !== "filesystem" || !path.startsWith("/") ||
    path.includes("\0") || path.split("/").includes("..");
  if (malformed) fail("store_bad_uri", "The Store URI was malformed.");
  return path;
}

/** Returns the id of the store of a location; `backend` is the older key (docs/reference/stores.md §1.4). */
export function storeIdOf(metadata: Record<string, unknown>): string | null {
  const id = metadata.store ?? metadata.backend;
  return typeof id === "string" ? id : null;
}

/**
 * Returns how much of a location a store's URL prefix covers; 0 = the location is not in that store. Only whole path
 * segments match: `file:///data/img` does not cover `file:///data/img2/x`. User info is ignored, so that a change of
 * credentials does not lose locations; a prefix without `://` covers its whole scheme.
 */
export function prefixLength(url: string, prefix: string): number {
  if (!prefix.includes("://")) return url.toLowerCase().startsWith(prefix) ? 1 : 0;
  const bare = prefix.replace(/\/+$/, "");
  const plain = /^file(system)?:\/\//i.test(url)
    ? `file${url.slice(url.indexOf("://"))}`
    : url.replace(/:\/\/.*@/, "://");
  return plain === bare || plain.startsWith(`${bare}/`) ? bare.length : 0;
}
