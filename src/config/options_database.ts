import { bool, int, str } from "./option.ts";

/** `[database]` (docs/reference/configuration.md §5). The embedded database needs `connection` only. */
export const DATABASE_OPTIONS = {
  connection: str({
    secret: true,
    aliases: ["DEFAULT.sql_connection"],
    help: "Database as a SQLAlchemy URL, for example sqlite:////var/lib/glance/glance.sqlite.",
  }),
  slave_connection: str({ secret: true, acts: false, help: "Read replica. Not used." }),
  asyncio_connection: str({
    secret: true,
    acts: false,
    help: "Connection of Python's asyncio engine. Not used.",
  }),
  asyncio_slave_connection: str({
    secret: true,
    acts: false,
    help: "Read replica of Python's asyncio engine. Not used.",
  }),
  connection_recycle_time: int({
    default: 3600,
    acts: false,
    aliases: ["DEFAULT.sql_idle_timeout", "idle_timeout"],
    help: "Age in seconds at which a pooled connection is replaced.",
  }),
  max_pool_size: int({ default: 5, acts: false, help: "Connections kept; 0 means no limit." }),
  max_overflow: int({ default: 50, acts: false, help: "Connections above max_pool_size." }),
  pool_timeout: int({ acts: false, help: "Seconds to wait for a connection of the pool." }),
  max_retries: int({
    default: 10,
    acts: false,
    help: "Attempts to connect at start; -1 means without limit.",
  }),
  retry_interval: int({
    default: 10,
    acts: false,
    help: "Seconds between two attempts to connect at start.",
  }),
  db_retry_interval: int({ default: 1, acts: false, help: "Seconds before an operation is tried again." }),
  db_inc_retry_interval: bool({
    default: true,
    acts: false,
    help: "Double db_retry_interval with each attempt.",
  }),
  db_max_retry_interval: int({
    default: 10,
    acts: false,
    help: "Longest wait before an operation is tried again, in seconds.",
  }),
  db_max_retries: int({
    default: 20,
    acts: false,
    help: "Attempts of one operation; -1 means without limit.",
  }),
  use_db_reconnect: bool({ default: false, acts: false, help: "Connect again after a lost connection." }),
  mysql_sql_mode: str({ default: "TRADITIONAL", acts: false, help: "SQL mode of MySQL." }),
  mysql_wsrep_sync_wait: int({ acts: false, help: "wsrep_sync_wait of Galera." }),
  sqlite_synchronous: bool({
    default: true,
    acts: false,
    help: "Wait until data is on the disk. Always on: a confirmed write survives a power loss.",
  }),
  connection_debug: int({
    default: 0,
    acts: false,
    help: "Verbosity of SQL in the log: 0 is none, 100 is everything.",
  }),
  connection_trace: bool({ default: false, acts: false, help: "Put Python frames into SQL comments." }),
  connection_parameters: str({ default: "", secret: true, acts: false, help: "Text added to `connection`." }),
  backend: str({ default: "sqlalchemy", acts: false, help: "Database layer of Python. Not used." }),
  synchronous_reader: bool({
    default: true,
    acts: false,
    help: "Readers must see what was just written, whatever the replication lag. Not used.",
  }),
};
