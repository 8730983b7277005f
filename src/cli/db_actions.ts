/** The actions on the database that `oneglance db` and `glance-manage` share (docs/reference/cli.md §1.1). */
import {
  checkDatabase,
  contractDatabase,
  databaseVersion,
  expandDatabase,
  type ManageOptions,
  type ManageResult,
  migrateData,
  syncDatabase,
} from "../../db/manage.ts";
import type { Config } from "../config/config.ts";
import { connectionOf, mariadbSettings } from "../database_settings.ts";
import { isError } from "../errors.ts";
import type { Program } from "./program.ts";

export type Action = (connection: string, options: ManageOptions) => Promise<ManageResult>;

export const DB_ACTIONS: Readonly<Record<string, Action>> = {
  sync: syncDatabase,
  version: databaseVersion,
  check: checkDatabase,
  expand: expandDatabase,
  migrate: migrateData,
  contract: contractDatabase,
};

/** Runs an action on the configured database and prints what it says; resolves to the exit code. Errors: config. */
export async function runDbAction(
  program: Program,
  config: Config,
  { name, action }: { name: string; action: Action },
): Promise<number> {
  const connection = connectionOf(config);
  const force = config.get("oneglance.force_network_filesystem");
  try {
    const { output, exit } = await action(connection, { force, mariadb: mariadbSettings(config) });
    program.out(output);
    return exit;
  } catch (error) {
    if (name !== "sync" || !isError(error)) throw error;
    program.err(`Failed to sync database: ERROR: ${error.message}`);
    return 1;
  }
}
