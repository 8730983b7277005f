/** The configured database, for a command that works on it directly. */
import type { Database } from "../../db/database.ts";
import { openDatabase } from "../../db/open.ts";
import type { Config } from "../config/config.ts";
import { connectionOf, mariadbSettings } from "../database_settings.ts";
import type { Program } from "./program.ts";

/** Opens the database for `action` and closes it afterwards. Errors: config, database, unavailable. */
export async function withDatabase<T>(
  program: Program,
  config: Config,
  action: (db: Database) => Promise<T>,
): Promise<T> {
  const db = await openDatabase({
    connection: connectionOf(config),
    mariadb: mariadbSettings(config),
    writerUrl: program.workers.dbWriter,
    force: config.get("oneglance.force_network_filesystem"),
  });
  try {
    return await action(db);
  } finally {
    await db.close();
  }
}
