/**
 * `glance-manage db load_metadefs`, `unload_metadefs`, `export_metadefs` and their one-word forms: problems of files
 * or flags go to the log, and the exit code is 0 (docs/reference/cli.md §1.2, §1.4).
 */
import type { Shared } from "../config/cli_options.ts";
import { loadConfig } from "../config/config.ts";
import { isError } from "../errors.ts";
import { exportFiles } from "../metadefs/export.ts";
import { loadFiles, type LoadFlags, loadMode } from "../metadefs/load.ts";
import { configureLogging } from "../observe/configure_logging.ts";
import { flushLog, getLog } from "../observe/log.ts";
import { takeFlags, takeValue, UsageError } from "../util/arguments.ts";
import type { Program } from "./program.ts";
import { withDatabase } from "./with_database.ts";

interface Asked extends LoadFlags {
  path: string | null;
}

/** First line of help of each action. */
export const METADEF_ACTIONS: Readonly<Record<string, string>> = {
  export_metadefs: "Export metadefinitions data from database to files.",
  load_metadefs: "Load metadefinition json files to database.",
  unload_metadefs: "Unload metadefinitions from database.",
};

/**
 * Runs an action; `oneWord` says that its arguments stand one after the other. Resolves to 0.
 * Errors: UsageError, config, database.
 */
export async function manageMetadefs(
  program: Program,
  shared: Shared,
  name: string,
  args: readonly string[],
  oneWord: boolean,
): Promise<number> {
  const asked = (oneWord ? positional : named)(name, args);
  const { sources, overrides } = shared;
  const config = loadConfig({ sources, overrides, env: program.env, prog: "glance-manage" });
  configureLogging(config, "glance-manage");
  const log = getLog("oneglance.metadefs");
  const path = asked.path ?? config.get("DEFAULT.metadata_source_path");
  try {
    if (name === "unload_metadefs") await withDatabase(program, config, (db) => db.write.metadefs.unload());
    else if (name === "export_metadefs") {
      for (const file of await withDatabase(program, config, (db) => exportFiles(db, path))) {
        log.info(`wrote ${file}`);
      }
    } else {
      const mode = loadMode(asked);
      for (const result of await withDatabase(program, config, (db) => loadFiles(db, path, mode))) {
        if ("problem" in result) log.error(`${result.file} was not loaded: ${result.problem}`);
        else log.info(`${result.file}: namespace ${result.namespace} ${result.outcome}`);
      }
    }
  } catch (error) {
    if (!(error instanceof UsageError) && !isError(error, "bad_request")) throw error;
    log.error(error.message);
  } finally {
    flushLog();
  }
  return 0;
}

function named(name: string, args: readonly string[]): Asked {
  const { value: path, rest } = name === "unload_metadefs"
    ? { value: null, rest: args }
    : takeValue(args, "--path");
  const known = name === "load_metadefs" ? ["--merge", "--prefer_new", "--overwrite"] as const : [];
  const { flags, rest: left } = takeFlags<string>(rest, known);
  if (left.length > 0) throw new UsageError(`unrecognized arguments: ${left.join(" ")}`);
  return {
    path,
    merge: flags.has("--merge"),
    preferNew: flags.has("--prefer_new"),
    overwrite: flags.has("--overwrite"),
  };
}

/** Any text switches a flag on, also `False`. */
function positional(name: string, args: readonly string[]): Asked {
  const most = { load_metadefs: 4, export_metadefs: 1 }[name] ?? 0;
  if (args.length > most) throw new UsageError(`unrecognized arguments: ${args.slice(most).join(" ")}`);
  const [path = "", merge = "", preferNew = "", overwrite = ""] = args;
  return {
    path: path === "" ? null : path,
    merge: merge !== "",
    preferNew: preferNew !== "",
    overwrite: overwrite !== "",
  };
}
