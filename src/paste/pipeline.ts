/** Checks that oneglance protects at least what a pipeline protects. */
import { fail } from "../errors.ts";
import type { PasteFilter, PasteRoute } from "./routes.ts";

/**
 * The route of the Image API, `/v2`, when its filters identify callers without doubt. `ignored`: filters that the
 * operator does without.
 * @throws GlanceError `config` with `file:line`: a filter that oneglance lacks might protect the service
 */
export function judgePipeline(
  path: string,
  name: string,
  routes: readonly PasteRoute[],
  ignored: readonly string[],
  log: { warn(message: string): void },
): PasteRoute {
  const refuse = (line: number, reason: string): never => fail("config", `${path}:${line}: ${reason}`);
  for (const { app, path: at } of routes) {
    if (app.kind === "unknown") {
      log.warn(`${path}:${app.line}: ${app.name} (${app.factory}) is unknown, ${at || "/"} is not served`);
    }
  }
  for (const filter of new Set(routes.flatMap(({ filters }) => filters))) judge(path, filter, ignored, log);

  const images = routes.filter(({ app }) => app.kind === "images");
  const api = images.find((route) => route.path === "/v2");
  for (const { app, path: at } of images) {
    if (at !== "/v2") refuse(app.line, `the Image API is at ${at || "/"}: oneglance serves it only at /v2`);
  }
  if (api === undefined) return refuse(routes[0]?.app.line ?? 1, `${name} has no Image API at /v2`);
  if (images.length > 1) refuse(images[1]!.app.line, `${name} has the Image API at /v2 twice`);
  judgeContext(path, name, api, refuse);
  return api;
}

function judge(
  path: string,
  filter: PasteFilter,
  ignored: readonly string[],
  log: { warn(message: string): void },
): void {
  const where = `${path}:${filter.line}: the filter ${filter.name} (${filter.factory})`;
  if (filter.kind === "harmless" && !filter.factory.startsWith("osprofiler.")) {
    log.warn(`${where} is not available and is left out`);
  }
  if (filter.kind !== "unknown") return;
  if (ignored.includes(filter.name)) return log.warn(`${where} is left out by ignored_paste_filters`);
  fail(
    "config",
    `${where} is unknown, so its protection would be missing: remove it from the pipeline, or add it to [oneglance] ` +
      "ignored_paste_filters to do without it.",
  );
}

/** Refuses a pipeline that would identify callers differently from upstream. */
function judgeContext(
  path: string,
  name: string,
  { filters, app }: PasteRoute,
  refuse: (line: number, reason: string) => never,
): void {
  const at = (kind: PasteFilter["kind"]) => filters.findIndex((filter) => filter.kind === kind);
  const line = filters.at(-1)?.line ?? app.line;
  const [authtoken, context, open] = [at("authtoken"), at("context"), at("unauthenticated")];
  if (context < 0 && open < 0) {
    refuse(line, `${name} has neither context nor unauthenticated-context: nothing identifies callers`);
  }
  if (open >= 0 && (context >= 0 || authtoken >= 0)) {
    const other = filters[Math.max(context, authtoken)]!.name;
    refuse(
      line,
      `${name} has ${other} and ${
        filters[open]!.name
      }: the one tells callers apart, the other makes them all ` +
        "administrators",
    );
  }
  if (context >= 0 && (authtoken < 0 || authtoken > context)) {
    refuse(
      line,
      `${name} believes identity headers, since no authtoken stands before ${
        filters[context]!.name
      }: whoever ` +
        "connects could be anybody. Put authtoken before it, and name the proxies whose headers may be believed in " +
        "[oneglance] identity_headers_from",
    );
  }
  const twice = filters.find((filter, index) =>
    filter.kind === "authtoken" && filters.findIndex((each) => each.kind === "authtoken") < index
  );
  if (twice) refuse(twice.line, `${name} has ${twice.name} after another filter of its kind in ${path}`);
}
