import { UsageError } from "../util/arguments.ts";
import type { ConfigSource } from "./config_files.ts";

/** The values of the options that all programs share (docs/reference/cli.md). */
export interface Shared {
  /** `--config-file` and `--config-dir`, in their order. */
  readonly sources: ConfigSource[];
  /** Texts of options, by `GROUP.option`. */
  readonly overrides: Record<string, string>;
  readonly help: boolean;
  readonly version: boolean;
  /** Everything else, in its order. */
  readonly rest: string[];
}

/** Options with a value, and the option of the configuration that each sets. */
const VALUED: Readonly<Record<string, string>> = {
  "--log-file": "DEFAULT.log_file",
  "--logfile": "DEFAULT.log_file",
  "--log-dir": "DEFAULT.log_dir",
  "--logdir": "DEFAULT.log_dir",
  "--log-config-append": "DEFAULT.log_config_append",
  "--log-config": "DEFAULT.log_config_append",
  "--log_config": "DEFAULT.log_config_append",
  "--log-date-format": "DEFAULT.log_date_format",
  "--syslog-log-facility": "DEFAULT.syslog_log_facility",
};

/** Options without a value. */
const FLAGS: Readonly<Record<string, readonly [key: string, text: string]>> = {
  "--debug": ["DEFAULT.debug", "true"],
  "-d": ["DEFAULT.debug", "true"],
  "--nodebug": ["DEFAULT.debug", "false"],
  "--use-json": ["DEFAULT.use_json", "true"],
  "--nouse-json": ["DEFAULT.use_json", "false"],
  "--use-journal": ["DEFAULT.use_journal", "true"],
  "--nouse-journal": ["DEFAULT.use_journal", "false"],
  "--use-syslog": ["DEFAULT.use_syslog", "true"],
  "--nouse-syslog": ["DEFAULT.use_syslog", "false"],
};

const SOURCES: Readonly<Record<string, ConfigSource["kind"]>> = {
  "--config-file": "file",
  "--config-dir": "dir",
};

/** Every name that `parseShared` accepts. */
export const SHARED_NAMES: readonly string[] = [
  ...Object.keys(SOURCES),
  ...Object.keys(VALUED),
  ...Object.keys(FLAGS),
  "--help",
  "--version",
];

/**
 * Separates the shared options from the rest of a command line; they may precede or follow the sub-command, as
 * `--name value` or `--name=value`. Everything after `--` belongs to the rest.
 * @throws UsageError for a missing value, or a value where none belongs.
 */
export function parseShared(args: readonly string[]): Shared {
  const shared = {
    sources: [] as ConfigSource[],
    overrides: {} as Record<string, string>,
    rest: [] as string[],
  };
  let help = false;
  let version = false;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === "--") {
      shared.rest.push(...args.slice(index));
      break;
    }
    const cut = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const name = cut < 0 ? arg : arg.slice(0, cut);
    const inline = cut < 0 ? null : arg.slice(cut + 1);
    if (Object.hasOwn(SOURCES, name) || Object.hasOwn(VALUED, name)) {
      const value = inline ?? args[++index];
      if (value === undefined || (inline === null && value.startsWith("-"))) {
        throw new UsageError(`argument ${name}: expected one argument`);
      }
      if (Object.hasOwn(SOURCES, name)) shared.sources.push({ kind: SOURCES[name]!, path: value });
      else shared.overrides[VALUED[name]!] = value;
    } else if (Object.hasOwn(FLAGS, name) || ["--help", "-h", "--version"].includes(name)) {
      if (inline !== null) throw new UsageError(`argument ${name}: ignored explicit argument '${inline}'`);
      if (name === "--version") version = true;
      else if (name === "--help" || name === "-h") help = true;
      else shared.overrides[FLAGS[name]![0]] = FLAGS[name]![1];
    } else {
      shared.rest.push(arg);
    }
  }
  return { ...shared, help, version };
}
