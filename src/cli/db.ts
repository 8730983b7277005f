/** `oneglance db sync|version|check|expand|migrate|contract|hand-back`. */
import { handBackDatabase } from "../../db/manage.ts";
import { parseShared } from "../config/cli_options.ts";
import { UsageError } from "../util/usage_error.ts";
import { type Action, DB_ACTIONS, runDbAction } from "./db_actions.ts";
import { helpOf } from "./help.ts";
import type { Program } from "./program.ts";

/** Ours alone, so that `glance-manage` does not have it. */
export const HAND_BACK = "hand-back";

/** Resolves to the exit code of the action. Errors: UsageError, config, database. */
export async function db(program: Program): Promise<number> {
  const shared = parseShared(program.args);
  if (shared.help) {
    program.out(helpOf("db")!);
    return 0;
  }
  const [action, ...left] = shared.rest;
  if (action === HAND_BACK) {
    const release = /^(\d+)(\.\d+)*$/.exec(left[0] ?? "")?.[1];
    if (release === undefined || left.length > 1) {
      throw new UsageError(
        "db hand-back wants the version of a Glance, as 'glance-manage --version' prints it.",
      );
    }
    const handBack: Action = (connection, options) =>
      handBackDatabase(connection, { ...options, release: Number(release) });
    return await runDbAction(program, shared, { name: action, action: handBack });
  }
  if (action === undefined || !Object.hasOwn(DB_ACTIONS, action)) {
    throw new UsageError(`db wants one of ${[...Object.keys(DB_ACTIONS), HAND_BACK].join(", ")}.`);
  }
  if (left.length > 0) throw new UsageError(`db ${action} does not know '${left[0]}'.`);
  return await runDbAction(program, shared, { name: action, action: DB_ACTIONS[action]! });
}
