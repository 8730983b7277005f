/** The configuration of a command line: its files, or the data of a stand-alone start. */
import { type Config, loadConfig } from "../config/config.ts";
import { fail } from "../errors.ts";
import { configureLogging } from "../observe/configure_logging.ts";
import { UsageError } from "../util/arguments.ts";
import type { CommandLine } from "./command_line.ts";
import type { Program } from "./program.ts";
import { defaultDataDir, hasData, standaloneEnv } from "./standalone.ts";

export interface Configured {
  config: Config;
  standalone: boolean;
}

interface ConfigureOptions {
  /** The data of a stand-alone start need not exist yet. */
  start?: boolean;
  /** Instead of the usual places of the default files; for tests. */
  searchPath?: string[];
}

/**
 * Loads the files of the command line, or else the default files of `prog`. Uses the data of a stand-alone start when
 * nothing names a database. Errors: UsageError, config.
 */
export function configure(
  { env }: Pick<Program, "env">,
  line: CommandLine,
  prog: string,
  { start = false, searchPath }: ConfigureOptions = {},
): Configured {
  const { sources, overrides, dataDir } = line;
  const directory = dataDir ?? env.OS_ONEGLANCE__DATA_DIR ?? defaultDataDir(env);
  if (!line.standalone) {
    const config = loadConfig({ sources, env, overrides, prog, ...(searchPath ? { searchPath } : {}) });
    if (config.files.length > 0 || config.isSet("database.connection")) {
      if (dataDir !== null) {
        throw new UsageError("--data-dir needs --standalone: a configuration file sets its own directories.");
      }
      return { config, standalone: false };
    }
  }
  if (!start && !hasData(directory)) {
    const missing = line.standalone
      ? "There is no data"
      : "There is no configuration file (--config-file), and no data";
    fail(
      "config",
      `${missing} in ${directory} (--data-dir). 'oneglance serve --standalone' makes it.`,
    );
  }
  return { config: standaloneConfig(env, overrides, directory, prog), standalone: true };
}

/** For a command that needs no database: the files, if any, unless `--standalone` says to read none. Errors: config. */
export function loadOptions({ env }: Pick<Program, "env">, line: CommandLine, prog: string): Config {
  const { sources, overrides, dataDir } = line;
  if (!line.standalone) return loadConfig({ sources, env, overrides, prog });
  return standaloneConfig(env, overrides, dataDir ?? env.OS_ONEGLANCE__DATA_DIR ?? defaultDataDir(env), prog);
}

/** Loads the configuration of a command that works on the database, and sets up logging. Errors: UsageError, config. */
export function loadFor(program: Program, line: CommandLine, prog: string): Config {
  const { config } = configure(program, line, prog);
  configureLogging(config, prog);
  return config;
}

function standaloneConfig(
  env: Program["env"],
  overrides: Record<string, string>,
  directory: string,
  prog: string,
): Config {
  return loadConfig({ env: standaloneEnv(env, directory), overrides, prog, searchPath: [] });
}
