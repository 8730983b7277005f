/** Paste files as releases of Glance ship them and as deployers write them, made from their parts. */

/** Sections that all releases have. */
export const COMMON = `
[composite:rootapp]
paste.composite_factory = glance.api:root_app_factory
/: apiversions
/v2: apiv2app

[app:apiversions]
paste.app_factory = glance.api.versions:create_resource

[app:apiv2app]
paste.app_factory = glance.api.v2.router:API.factory

[filter:versionnegotiation]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory

[filter:cache]
paste.filter_factory = glance.api.middleware.cache:CacheFilter.factory

[filter:cachemanage]
paste.filter_factory = glance.api.middleware.cache_manage:CacheManageFilter.factory

[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory

[filter:unauthenticated-context]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory

[filter:gzip]
paste.filter_factory = glance.api.middleware.gzip:GzipMiddleware.factory

[filter:osprofiler]
paste.filter_factory = osprofiler.web:WsgiMiddleware.factory

[filter:http_proxy_to_wsgi]
paste.filter_factory = oslo_middleware:HTTPProxyToWSGI.factory
`;

/** Sections that deployers change. */
export const AUTHTOKEN = `
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
delay_auth_decision = true
`;
export const CORS = `
[filter:cors]
paste.filter_factory =  oslo_middleware.cors:filter_factory
oslo_config_project = glance
oslo_config_program = glance-api
`;
const HEALTH_APP = `
[app:healthcheck]
paste.app_factory = oslo_middleware:Healthcheck.app_factory
backends = disable_by_file
disable_by_file_path = /etc/glance/healthcheck_disable
`;
const HEALTH_FILTER = HEALTH_APP.replace("[app:", "[filter:").replace(
  "app_factory = oslo_middleware:Healthcheck.app_factory",
  "filter_factory = oslo_middleware:Healthcheck.factory",
);

const FLAVORS: Record<string, string> = {
  "": "unauthenticated-context",
  "caching": "unauthenticated-context cache",
  "cachemanagement": "unauthenticated-context cache cachemanage",
  "keystone": "authtoken context",
  "keystone+caching": "authtoken context cache",
  "keystone+cachemanagement": "authtoken context cache cachemanage",
};
const BEFORE = "http_proxy_to_wsgi versionnegotiation osprofiler";

function pipelines(flavors: Record<string, string>): string {
  return Object.entries(flavors).map(([flavor, own]) =>
    `# A pipeline\n[pipeline:glance-api${flavor && "-"}${flavor}]\n` +
    `pipeline = cors healthcheck ${BEFORE} ${own} rootapp\n`
  ).join("\n");
}

/** The files of Ussuri (20.0.0) and before, of Victoria to Zed, and of 2023.2 (27.0.0) and after. */
export const SHIPPED: Record<string, string> = {
  "until Victoria": pipelines({ ...FLAVORS, "trusted-auth": "context" }) + COMMON + AUTHTOKEN + CORS +
    HEALTH_FILTER,
  "Wallaby to 2023.1": pipelines(FLAVORS) + COMMON + AUTHTOKEN + CORS + HEALTH_FILTER,
  "from 2023.2 on":
    Object.keys(FLAVORS).map((flavor) =>
      `[composite:glance-api${
        flavor && "-"
      }${flavor}]\npaste.composite_factory = glance.api:root_app_factory\n` +
      `/: api\n/healthcheck: healthcheck\n`
    ).join("\n") + "\n[composite:api]\npaste.composite_factory = glance.api:pipeline_factory\n" +
    Object.entries(FLAVORS).map(([flavor, own]) => `${flavor || "default"} = cors ${BEFORE} ${own} rootapp\n`)
      .join("") +
    COMMON + AUTHTOKEN + CORS + HEALTH_APP,
};

/** A file whose only pipeline, without a flavor, has these filters; `more` follows the pipeline. */
export function pasteOf(filters: string, more = AUTHTOKEN + CORS + HEALTH_FILTER): string {
  return `[pipeline:glance-api]\npipeline = ${filters} rootapp\n${COMMON}${more}`;
}

/** Writes the file into a temporary folder, calls `use` with its path, and removes it. */
export async function withPasteFile<T>(text: string, use: (path: string) => Promise<T> | T): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "oneglance-paste-" });
  try {
    const path = `${folder}/glance-api-paste.ini`;
    await Deno.writeTextFile(path, text);
    return await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
