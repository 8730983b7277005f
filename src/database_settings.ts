/** What `[database]` says, for those that open the database. */
import { isMariadb } from "../db/connection.ts";
import type { MariadbSettings } from "../db/engines/mariadb.ts";
import type { Config } from "./config/config.ts";
import { fail } from "./errors.ts";
import { getLog } from "./observe/log.ts";

/** The value of `connection_debug` from which statements are logged, as in oslo.db. */
const STATEMENTS = 50;

/** The text of `[database] connection`, with its parameters. Errors: config, when it is not set. */
export function connectionOf(config: Config): string {
  const connection = config.get("database.connection") ??
    fail(
      "config",
      `[database] connection is not set${
        config.files.length > 0 ? ` in ${config.files.join(", ")}` : ""
      }. For an ` +
        "embedded database: sqlite:////var/lib/glance/glance.sqlite; for the data of 'oneglance serve --standalone' " +
        "say --standalone.",
    );
  return withParameters(config, connection);
}

function withParameters(config: Config, connection: string): string {
  const parameters = config.get("database.connection_parameters");
  if (parameters === "" || !isMariadb(connection)) return connection;
  return `${connection}${connection.includes("?") ? "&" : "?"}${parameters}`;
}

/** The options of `[database]` that act on MariaDB. */
export function mariadbSettings(config: Config): MariadbSettings {
  const log = getLog("oneglance.database");
  const replica = config.get("database.slave_connection");
  return {
    pool: {
      size: config.get("database.max_pool_size"),
      overflow: config.get("database.max_overflow"),
      waitSeconds: config.get("database.pool_timeout") ?? 30,
      recycleSeconds: config.get("database.connection_recycle_time"),
    },
    session: {
      sqlMode: config.get("database.mysql_sql_mode"),
      wsrepSyncWait: config.get("database.mysql_wsrep_sync_wait"),
      trace: config.get("database.connection_debug") >= STATEMENTS ? (sql) => log.info(sql) : null,
    },
    retry: {
      retries: config.get("database.db_max_retries"),
      seconds: config.get("database.db_retry_interval"),
      increase: config.get("database.db_inc_retry_interval"),
      maxSeconds: config.get("database.db_max_retry_interval"),
    },
    start: {
      attempts: config.get("database.max_retries"),
      seconds: config.get("database.retry_interval"),
    },
    replica: replica === null ? null : withParameters(config, replica),
  };
}
