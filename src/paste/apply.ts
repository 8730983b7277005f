/** Applies a paste file to the configuration (docs/reference/configuration.md §4, docs/reference/auth-and-middleware.md). */
import { basename, dirname, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { readText } from "../config/config_files.ts";
import type { IniEntry } from "../config/ini.ts";
import { findOldOption, findOption } from "../config/options.ts";
import { fail } from "../errors.ts";
import { judgePipeline } from "./pipeline.ts";
import { parsePythonIni } from "./python_ini.ts";
import { findRoutes, type PasteFile, type PasteFilter, type PasteRoute } from "./routes.ts";

interface PasteLog {
  info(message: string): void;
  warn(message: string): void;
}

/** Options of filters that name configuration of upstream's libraries, or that PasteDeploy adds; ignored here. */
const PASSED_OVER = [
  "oslo_config_project",
  "oslo_config_program",
  "oslo_config_config",
  "configkey",
  "log_name",
];

/**
 * The configuration with the paste file applied: its pipeline names the filters before the API, and options in its
 * sections override all others. The same configuration without a paste file.
 * @throws GlanceError `config` with `file:line` when the file is malformed, upstream would not start with it, or the
 * service would be less protected than it requires
 */
export function withPaste(config: Config, log: PasteLog): Config {
  const path = findPasteFile(config);
  if (path === null) return config;
  const file: PasteFile = { path, ...parsePythonIni(readText(path), path) };
  const flavor = config.get("paste_deploy.flavor");
  const name = flavor ? `glance-api-${flavor}` : "glance-api";
  refuseFlavor(config, file, name);
  const routes = findRoutes(file, name, flavor);
  const api = judgePipeline(path, name, routes, config.get("oneglance.ignored_paste_filters"), log);
  log.info(`${path}: ${name} is ${api.filters.map((filter) => filter.name).join(" ")} ${api.app.name}`);
  return config.withTop(readOptions(config, path, routes, api, log));
}

/** Refuses a flavor without a pipeline in the file, and names those with one. */
function refuseFlavor(config: Config, { path, sections }: PasteFile, wanted: string): void {
  const names = [...sections.keys()].filter((each) => !each.startsWith("filter:"))
    .map((each) => each.slice(each.indexOf(":") + 1).trim());
  if (names.includes(wanted)) return;
  const there = names.filter((each) => /^glance-api(-|$)/.test(each)).join(", ");
  const flavor = config.get("paste_deploy.flavor");
  const asked = flavor ? `${config.source("paste_deploy.flavor")}: [paste_deploy] flavor = ${flavor}: ` : "";
  fail("config", `${asked}${path} has no [pipeline:${wanted}]${there === "" ? "" : `, only ${there}`}.`);
}

/**
 * The file of `[paste_deploy] config_file`, else one named after a configuration file, with -paste.ini for .conf, the
 * last first; null when there is none.
 */
function findPasteFile(config: Config): string | null {
  const given = config.get("paste_deploy.config_file");
  if (given) {
    const path = resolve(given);
    return config.findFile(path) ??
      fail(
        "config",
        `${config.source("paste_deploy.config_file")}: [paste_deploy] config_file: ${path} does not exist`,
      );
  }
  const named = config.files.filter((file) => !config.dirs.includes(dirname(file)));
  const files = named.length > 0 ? named.toReversed() : [`${config.prog}.conf`];
  for (const file of files) {
    const name = basename(file.replaceAll(".conf", "-paste.ini"));
    const found = name.endsWith("-paste.ini") ? config.findFile(name) : null;
    if (found !== null) return resolve(found);
  }
  return null;
}

/** The pipeline and the options of its sections as entries of the configuration. */
function readOptions(
  config: Config,
  path: string,
  routes: readonly PasteRoute[],
  api: PasteRoute,
  log: PasteLog,
): IniEntry[] {
  const entry = (key: string, value: string, line: number): IniEntry => {
    const cut = key.indexOf(".");
    return { file: path, line, group: key.slice(0, cut), name: key.slice(cut + 1), value };
  };
  const has = (kind: PasteFilter["kind"]) => api.filters.find((filter) => filter.kind === kind);
  const last = api.filters.at(-1)?.line ?? api.app.line;
  const flavors = [
    ...(has("authtoken") ? ["keystone"] : []),
    ...(has("cachemanage") ? ["cachemanagement"] : has("cache") ? ["caching"] : []),
  ];
  const entries = [entry("paste_deploy.flavor", flavors.join("+"), last)];

  const read = (filter: Pick<PasteFilter, "name" | "options">, group: string, literal: boolean) => {
    for (const [name, { value, line }] of filter.options) {
      if (PASSED_OVER.includes(name)) continue;
      if (name === "oslo_config_file") {
        if (!config.files.includes(value)) {
          log.warn(`${path}:${line}: oslo_config_file: ${value} is not read for this filter alone`);
        }
        continue;
      }
      const known = findOption(group, name) ? name : findOldOption(group, name);
      // A paste file has a single $, an option of the configuration doubles it.
      if (known) {
        entries.push(entry(`${group}.${known}`, literal ? value.replaceAll("$", "$$$$") : value, line));
      } else log.warn(`${path}:${line}: the option ${name} of ${filter.name} is unknown and ignored`);
    }
  };
  const off = (
    key: "cors.allowed_origin" | "oslo_middleware.enable_proxy_headers_parsing",
    value: string,
  ) => {
    if (!config.isSet(key)) return;
    log.warn(`${config.source(key)}: ${key} has no effect: ${path}:${last} has no filter for it`);
    entries.push(entry(key, value, last));
  };

  const authtoken = has("authtoken");
  if (authtoken) {
    read(authtoken, "keystone_authtoken", true);
    const decides = authtoken.options.has("delay_auth_decision") ||
      config.isSet("keystone_authtoken.delay_auth_decision");
    if (!decides) entries.push(entry("keystone_authtoken.delay_auth_decision", "false", authtoken.line));
  }
  const cors = has("cors");
  if (cors) read(cors, "cors", false);
  else off("cors.allowed_origin", "");
  const proxies = has("proxy_headers");
  if (proxies) read(proxies, "oslo_middleware", false);
  else off("oslo_middleware.enable_proxy_headers_parsing", "false");

  const checks = routes.filter(({ app }) => app.kind === "healthcheck");
  const check = has("healthcheck") ?? (checks.find(({ path }) => path === "/healthcheck") ?? checks[0])?.app;
  if (check) read(check, "healthcheck", false);
  for (const { path: at, app } of checks) {
    if (at === "/healthcheck") continue;
    entries.push(entry("healthcheck.path", at, app.line));
    if (app.name !== check?.name) {
      log.warn(
        `${path}:${app.line}: ${at} answers like ${check?.name}; the options of ${app.name} are ignored`,
      );
    }
  }
  return entries;
}
