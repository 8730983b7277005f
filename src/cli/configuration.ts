/** The configuration of a command line. */
import { parseShared, type Shared } from "../config/cli_options.ts";
import { type Config, loadConfig } from "../config/config.ts";
import { configureLogging } from "../observe/configure_logging.ts";
import type { Program } from "./program.ts";

/** Reads the shared options of a command line. Errors: UsageError. */
export function sharedOptions(program: Program): Shared {
  return parseShared(program.args);
}

/** Loads the configuration that a command's shared options name, and sets up logging. Errors: config. */
export function loadFor(program: Program, shared: Shared, prog: string): Config {
  const config = loadConfig({ sources: shared.sources, env: program.env, overrides: shared.overrides, prog });
  configureLogging(config, prog);
  return config;
}
