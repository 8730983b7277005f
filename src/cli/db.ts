/** `oneglance db sync|version|check|expand|migrate|contract`. */
import { parseShared } from "../config/cli_options.ts";
import { UsageError } from "../util/usage_error.ts";
import { DB_ACTIONS, runDbAction } from "./db_actions.ts";
import { helpOf } from "./help.ts";
import type { Program } from "./program.ts";

/** Resolves to the exit code of the action. Errors: UsageError, config, database. */
export async function db(program: Program): Promise<number> {
  const shared = parseShared(program.args);
  if (shared.help) {
    program.out(helpOf("db")!);
    return 0;
  }
  const [action, ...left] = shared.rest;
  if (action === undefined || !Object.hasOwn(DB_ACTIONS, action)) {
    throw new UsageError(`db wants one of ${Object.keys(DB_ACTIONS).join(", ")}.`);
  }
  if (left.length > 0) throw new UsageError(`db ${action} does not know '${left[0]}'.`);
  return await runDbAction(program, shared, action);
}
