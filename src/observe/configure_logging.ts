import { hostname } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Config } from "../config/config.ts";
import { readText } from "../config/config_files.ts";
import { parseIni } from "../config/ini.ts";
import { fail } from "../errors.ts";
import { flushLog, getLog, type LogSetup, setUpLog } from "./log.ts";
import { jsonFormatter, textFormatter } from "./log_format.ts";
import { type LevelName, parseLevel } from "./log_record.ts";
import { fileWriter, type LogWriter, streamWriter } from "./log_writer.ts";

let watching = false;

/**
 * Sets up logging from the options of docs/reference/configuration.md §2.2, and logs problems of the configuration. Programs
 * other than `glance-api` log to standard error by default.
 * @throws GlanceError `config`: a log file cannot be opened, log_config_append is missing.
 */
export function configureLogging(config: Config, prog: string): void {
  const levels = levelsOf(config);
  // With Python's own configuration everything goes to standard output.
  const isPython = config.get("DEFAULT.log_config_append") !== null;
  const to = isPython ? [streamWriter(Deno.stdout)] : writers(config, prog);
  setUpLog({ format: formatter(config), writers: to, ...levels });
  if (!watching) {
    watching = true;
    globalThis.addEventListener("unload", flushLog);
    globalThis.addEventListener("error", flushLog);
    globalThis.addEventListener("unhandledrejection", flushLog);
  }
  describe(config);
}

/** The log levels, which may change while the program runs, as in oslo.log. */
type Levels = Pick<LogSetup, "rootLevel" | "levels">;

/**
 * The levels of a configuration.
 * @throws GlanceError `config`: log_config_append is missing.
 */
export function levelsOf(config: Config): Levels {
  const appended = config.get("DEFAULT.log_config_append");
  return appended === null ? optionLevels(config) : pythonLevels(config, appended);
}

function optionLevels(config: Config): Levels {
  const levels = new Map<string, LevelName>();
  for (const pair of config.get("DEFAULT.default_log_levels")) {
    const [name, word] = pair.split("=");
    const level = parseLevel(word ?? "");
    if (name && level !== null) levels.set(name.trim(), level);
  }
  return { rootLevel: config.get("DEFAULT.debug") ? "DEBUG" : "INFO", levels };
}

function formatter(config: Config): LogSetup["format"] {
  const dateFormat = config.get("DEFAULT.log_date_format");
  if (config.get("DEFAULT.use_json")) return jsonFormatter(dateFormat, hostname());
  return textFormatter({
    dateFormat,
    contextFormat: config.get("DEFAULT.logging_context_format_string"),
    defaultFormat: config.get("DEFAULT.logging_default_format_string"),
    exceptionPrefix: config.get("DEFAULT.logging_exception_prefix"),
    userIdentity: config.get("DEFAULT.logging_user_identity_format"),
  });
}

function writers(config: Config, prog: string): LogWriter[] {
  const result: LogWriter[] = [];
  const path = logPath(config, prog);
  if (path !== null) result.push(fileWriter(path));
  const isTool = prog !== "glance-api" && !config.isSet("DEFAULT.use_stderr");
  // systemd hands standard error to the journal.
  if (config.get("DEFAULT.use_stderr") || isTool || config.get("DEFAULT.use_journal")) {
    result.push(streamWriter(Deno.stderr));
  }
  return result.length > 0 ? result : [streamWriter(Deno.stdout)];
}

function logPath(config: Config, prog: string): string | null {
  const file = config.get("DEFAULT.log_file");
  const directory = config.get("DEFAULT.log_dir");
  if (file !== null) return directory === null || isAbsolute(file) ? file : join(directory, file);
  return directory === null ? null : join(directory, `${prog}.log`);
}

/** The levels of the loggers of Python's logging configuration. */
function pythonLevels(config: Config, given: string): Levels {
  const path = config.findFile(given) ??
    fail("config", `[DEFAULT] log_config_append: ${given} does not exist`);
  const sections = new Map<string, Map<string, string>>();
  for (const { group, name, value } of parseIni(readText(path), path)) {
    if (!sections.has(group)) sections.set(group, new Map());
    sections.get(group)!.set(name, value);
  }
  const levels = new Map<string, LevelName>();
  for (const [group, keys] of sections) {
    const level = parseLevel(keys.get("level") ?? "");
    const name = keys.get("qualname");
    if (group.startsWith("logger_") && name && level !== null) levels.set(name, level);
  }
  const root = parseLevel(sections.get("logger_root")?.get("level") ?? "") ?? "WARNING";
  return { rootLevel: levels.get("glance") ?? root, levels };
}

function describe(config: Config): void {
  const log = getLog("oneglance.config");
  for (const warning of config.warnings) log.warn(`${warning}; the default is used`);
  for (const { file, line, old, now } of config.deprecated) {
    log.warn(`${file}:${line}: option ${old} is deprecated, its name is ${now}`);
  }
  const groups = new Set<string>();
  for (const { file, line, group, name, near } of config.unknown) {
    if (near === null) continue;
    const section = near.startsWith("the section");
    // A mistyped section is one slip, however many keys it has.
    if (section && groups.has(group)) continue;
    if (section) groups.add(group);
    const what = section ? `[${group}] is not a known section` : `[${group}] ${name} is not a known option`;
    log.warn(`${file}:${line}: ${what} and ignored; did you mean ${near}?`);
  }
  if (!log.isDebug) return;
  for (const { file, line, group, name, near } of config.unknown) {
    if (near === null) log.debug(`${file}:${line}: [${group}] ${name} is unknown`);
  }
  for (const { file, line, group, name } of config.obsolete) {
    log.debug(`${file}:${line}: [${group}] ${name} is obsolete`);
  }
  for (const [group, name, text] of config.list()) log.debug(`[${group}] ${name} = ${text}`);
}
