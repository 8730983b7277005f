/** `glance-manage` for deployment tools: options before the command, old and new spellings (docs/reference/cli.md §1). */
import { parseShared } from "../config/cli_options.ts";
import { loadConfig } from "../config/config.ts";
import { takeValue, UsageError } from "../util/arguments.ts";
import { BUILD_VERSION } from "../util/version.ts";
import { DB_ACTIONS, runDbAction } from "./db_actions.ts";
import { manageMetadefs, METADEF_ACTIONS } from "./manage_metadefs.ts";
import type { Program } from "./program.ts";

/** First line of help of each action. */
const HELP: Record<string, string> = {
  check: "Report any pending database upgrades.",
  contract: "Run contraction phase of database migration.",
  expand: "Run expansion phase of database migration.",
  migrate: "Run data migration phase of database migration.",
  sync: "Place an existing database under migration control and upgrade it.",
  version: "Print database's current migration level.",
  ...METADEF_ACTIONS,
};

/** Actions of upstream that oneglance does not have yet. */
const PENDING: readonly string[] = ["purge", "purge_images_table", "upgrade", "version_control"];

/** Resolves to the exit code. Errors: UsageError, config, database. */
export async function manage(program: Program): Promise<number> {
  const shared = parseShared(program.args);
  const usage = `${program.name} category action [<args>]\nAvailable categories:\n\tdb`;
  if (shared.version) {
    program.out(BUILD_VERSION);
    return 0;
  }
  if (shared.help) {
    program.out(usage);
    return 0;
  }
  // --version is ignored: there is one schema.
  const { rest } = takeValue(shared.rest, "--version");
  const [first, second] = rest;
  const metadefs = first === "db" ? second : first?.replace(/^db_/, "");
  if (metadefs !== undefined && Object.hasOwn(METADEF_ACTIONS, metadefs)) {
    const oneWord = first !== "db";
    return await manageMetadefs(program, shared, metadefs, rest.slice(oneWord ? 1 : 2), oneWord);
  }
  if (first === undefined) {
    if (program.args.length > 0) throw new UsageError("the following arguments are required: category");
    program.out(usage);
    return 2;
  }
  if (first.startsWith("db_")) return await action(program, shared, first.slice(3));
  if (first !== "db") {
    throw new UsageError(`argument category: invalid choice: '${first}' (choose from 'db')`);
  }
  if (second === undefined) {
    program.out(listActions());
    return 2;
  }
  return await action(program, shared, second);
}

async function action(
  program: Program,
  shared: ReturnType<typeof parseShared>,
  name: string,
): Promise<number> {
  if (PENDING.includes(name)) {
    program.err(`ERROR: ${program.name} db ${name} is not implemented yet.`);
    return 1;
  }
  if (!Object.hasOwn(DB_ACTIONS, name)) {
    const known = [...Object.keys(DB_ACTIONS), ...Object.keys(METADEF_ACTIONS)].map((each) => `'${each}'`)
      .join(", ");
    throw new UsageError(`argument action: invalid choice: '${name}' (choose from ${known})`);
  }
  const { sources, overrides } = shared;
  const config = loadConfig({ sources, overrides, env: program.env, prog: "glance-manage" });
  return await runDbAction(program, config, { name, action: DB_ACTIONS[name]! });
}

function listActions(): string {
  const names = [...Object.keys(DB_ACTIONS), ...Object.keys(METADEF_ACTIONS)].toSorted();
  const lines = names.map((name) => `\t${name.padEnd(17)}${HELP[name] ?? ""}`);
  return ["Available actions for 'db':", ...lines].join("\n");
}
