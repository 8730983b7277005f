/** `oneglance db sync|version|check|expand|migrate|contract|hand-back`. */
import { handBackDatabase } from "../../db/manage.ts";
import { didYouMean } from "../util/near.ts";
import { takeFlags, UsageError } from "../util/arguments.ts";
import { againstGlance } from "./against_glance.ts";
import { type Action, DB_ACTIONS, runDbAction } from "./db_actions.ts";
import { type CommandLine, refuseRest } from "./command_line.ts";
import { configure } from "./configuration.ts";
import type { Program } from "./program.ts";

/** An action of oneglance only: `glance-manage` does not have it. */
export const HAND_BACK = "hand-back";

const AGAINST_GLANCE = "--against-glance";

/** Resolves to the exit code of the action. Errors: UsageError, config, database. */
export async function db(program: Program, line: CommandLine): Promise<number> {
  const [action, ...left] = line.rest;
  const load = () => configure(program, line, "glance-manage").config;
  if (action === HAND_BACK) {
    const { flags, rest } = takeFlags(left, ["--drop-notifications"] as const);
    const release = /^(\d+)(\.\d+)*$/.exec(rest[0] ?? "")?.[1];
    if (release === undefined || rest.length > 1) {
      throw new UsageError(
        "db hand-back needs the version of a Glance, as 'glance-manage --version' prints it.",
      );
    }
    const handBack: Action = (connection, options) =>
      handBackDatabase(connection, {
        ...options,
        release: Number(release),
        dropNotifications: flags.has("--drop-notifications"),
      });
    return await runDbAction(program, load(), { name: action, action: handBack });
  }
  if (action === undefined || !Object.hasOwn(DB_ACTIONS, action)) {
    const known = [...Object.keys(DB_ACTIONS), HAND_BACK];
    throw new UsageError(`db needs one of ${known.join(", ")}.${didYouMean(action ?? "", known)}`);
  }
  if (action === "check" && left.includes(AGAINST_GLANCE)) {
    const { flags, rest } = takeFlags(left, [AGAINST_GLANCE, "--json"] as const);
    refuseRest("db check", rest, [AGAINST_GLANCE, "--json"]);
    // With the options of the service: which stores there are, and the key of the locations.
    return await againstGlance(program, configure(program, line, "glance-api").config, flags.has("--json"));
  }
  refuseRest(`db ${action}`, left, action === "check" ? [AGAINST_GLANCE] : []);
  return await runDbAction(program, load(), { name: action, action: DB_ACTIONS[action]! });
}
