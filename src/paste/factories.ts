/** The factories of paste files that oneglance knows (docs/reference/auth-and-middleware.md). */

/** Kinds of filters: a `harmless` one does not protect the service, an `unknown` one might. */
export type FilterKind =
  | "authtoken"
  | "context"
  | "unauthenticated"
  | "cors"
  | "proxy_headers"
  | "healthcheck"
  | "cache"
  | "cachemanage"
  | "negotiation"
  | "harmless"
  | "unknown";

/** Kinds of applications, and of composites that route requests to them. */
export type AppKind =
  | "images"
  | "images_v1"
  | "versions"
  | "healthcheck"
  | "urlmap"
  | "by_flavor"
  | "unknown";

const OSLO = String.raw`oslo[._]middleware(?:\.\w+)?`;
const GLANCE = String.raw`glance\.api\.middleware`;

/** `module:name` as in `paste.filter_factory`, or `egg:distribution#name`. */
const FILTERS: readonly (readonly [RegExp, FilterKind])[] = [
  [/^(keystonemiddleware|keystoneclient\.middleware|keystone\.middleware)\.auth_token:/, "authtoken"],
  [/^egg:keystonemiddleware#auth_token$/, "authtoken"],
  [new RegExp(String.raw`^${GLANCE}\.context:ContextMiddleware\.factory$`), "context"],
  [
    new RegExp(String.raw`^${GLANCE}\.context:UnauthenticatedContextMiddleware\.factory$`),
    "unauthenticated",
  ],
  [new RegExp(String.raw`^${GLANCE}\.version_negotiation:`), "negotiation"],
  [new RegExp(String.raw`^${GLANCE}\.cache:CacheFilter\.`), "cache"],
  [new RegExp(String.raw`^${GLANCE}\.cache_manage:CacheManageFilter\.`), "cachemanage"],
  [new RegExp(`^${OSLO}:(CORS\\.factory|filter_factory)$`), "cors"],
  [new RegExp(`^${OSLO}:HTTPProxyToWSGI(Middleware)?\\.factory$`), "proxy_headers"],
  [new RegExp(`^${OSLO}:Healthcheck\\.factory$`), "healthcheck"],
  [/^egg:oslo[._]middleware#cors$/, "cors"],
  [/^egg:oslo[._]middleware#http_proxy_to_wsgi$/, "proxy_headers"],
  [/^egg:oslo[._]middleware#healthcheck$/, "healthcheck"],
  // Compression, profiling, ids and traces of requests, the scheme of an old proxy header.
  [new RegExp(String.raw`^${GLANCE}\.gzip:`), "harmless"],
  [/^osprofiler\.web:/, "harmless"],
  [
    new RegExp(
      `^${OSLO}:(CatchErrors|CorrelationId|RequestId|Debug|SSLMiddleware|StatsMiddleware)\\.factory$`,
    ),
    "harmless",
  ],
  [/^egg:oslo[._]middleware#(catch_errors|correlation_id|debug|request_id|ssl)$/, "harmless"],
];

const APPS: readonly (readonly [RegExp, AppKind])[] = [
  [/^glance\.api\.v2\.router:/, "images"],
  [/^glance\.api\.v1\.router:/, "images_v1"],
  [/^glance\.api\.versions:/, "versions"],
  [new RegExp(`^${OSLO}:Healthcheck\\.app_factory$`), "healthcheck"],
  [/^egg:oslo[._]middleware#healthcheck$/, "healthcheck"],
  [/^glance\.api:root_app_factory$|^paste\.urlmap:urlmap_factory$|^egg:Paste#urlmap$/i, "urlmap"],
  [/^glance\.api:pipeline_factory$/, "by_flavor"],
];

/** The kind of filter that a factory makes. */
export function filterKind(factory: string): FilterKind {
  return FILTERS.find(([pattern]) => pattern.test(factory))?.[1] ?? "unknown";
}

/** The kind of application that a factory makes. */
export function appKind(factory: string): AppKind {
  return APPS.find(([pattern]) => pattern.test(factory))?.[1] ?? "unknown";
}
