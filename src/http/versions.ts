/** Version discovery and negotiation (docs/reference/images-api.md §1). */
import { HEALTH_PATH, READY_PATH } from "../health/path.ts";
import type { RequestBase } from "./env.ts";

const ACCEPT_PREFIX = "application/vnd.openstack.images-";

/** Configuration that changes the versions. */
export interface VersionSettings {
  cache: boolean;
  multi: boolean;
}

/** Returns the minor versions in the document's order, and which one is CURRENT. */
function order({ cache, multi }: VersionSettings): { current: number; minors: number[] } {
  const low = [7, 6, 5, 4, 3, 2, 1, 0];
  if (cache && multi) return { current: 18, minors: [18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, ...low] };
  if (cache) return { current: 18, minors: [18, 17, 16, 15, 14, 9, ...low] };
  if (multi) return { current: 17, minors: [15, 13, 12, 11, 10, 9, 8, 17, ...low] };
  return { current: 17, minors: [15, 9, 17, ...low] };
}

/** Returns the versions that a path or `Accept` may contain. */
export function acceptedVersions(settings: VersionSettings): ReadonlySet<string> {
  return new Set(["v2", ...order(settings).minors.map((minor) => `v2.${minor}`)]);
}

/** Returns the version document; every link is to `…/v2/`. */
export function versionDocument(settings: VersionSettings, publicEndpoint: string | null, base: RequestBase) {
  const root = publicEndpoint || `${base.scheme}://${base.host}${base.prefix}`;
  const href = `${root.replace(/\/$/, "")}/v2/`;
  const { current, minors } = order(settings);
  return {
    versions: minors.map((minor) => ({
      id: `v2.${minor}`,
      status: minor === current ? "CURRENT" : "SUPPORTED",
      links: [{ rel: "self", href }],
    })),
  };
}

/** Routes outside the API; every other path without `/v2` becomes one of them. */
export const VERSIONS_PATH = "/versions";
export const CHOICES_PATH = "/";

/**
 * Returns the path for the router. `/v2.5/images`, and `/images` with a version in Accept, become `/v2/images`; a path
 * for which `isHealth` is true becomes `/healthcheck`.
 */
export function routingPath(
  request: Request,
  accepted: ReadonlySet<string>,
  isHealth: (path: string) => boolean,
): string {
  const path = pathOf(request.url);
  if (path.startsWith("/v2/")) {
    const accept = request.headers.get("accept");
    if (accept === null || !accept.startsWith(ACCEPT_PREFIX)) return path;
  }
  if (isHealth(path)) return HEALTH_PATH;
  if (path === READY_PATH || path === "/openapi.json") return path;
  const first = path.split("/", 2)[1] ?? "";
  if (first === "versions") return VERSIONS_PATH;
  const accept = request.headers.get("accept");
  if (accept !== null && accept.startsWith(ACCEPT_PREFIX)) {
    return accepted.has(accept.slice(ACCEPT_PREFIX.length)) ? `/v2${path}` : CHOICES_PATH;
  }
  return accepted.has(first) ? `/v2${path.slice(first.length + 1)}` : CHOICES_PATH;
}

/**
 * Returns the path of a URL for versions, authentication and routes: `%2F` is a separator, and several in a row are one,
 * as in Glance (endpoints with a trailing slash are common).
 */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  if (start < 0) return "/";
  const end = url.slice(start).search(/[?#]/);
  const path = end < 0 ? url.slice(start) : url.slice(start, start + end);
  const decoded = path.includes("%") ? path.replaceAll(/%2f/gi, "/") : path;
  return decoded.includes("//") ? decoded.replaceAll(/\/{2,}/g, "/") : decoded;
}
