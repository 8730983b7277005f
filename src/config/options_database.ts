import { bool, int, str } from "./option.ts";

/**
 * `[database]` (docs/reference/configuration.md §5). The embedded database needs `connection` only; the others act on
 * MariaDB.
 */
export const DATABASE_OPTIONS = {
  connection: str({
    secret: true,
    aliases: ["DEFAULT.sql_connection"],
    help: "Database as a SQLAlchemy URL, for example mysql+pymysql://glance:PASSWORD@HOST/glance or " +
      "sqlite:////var/lib/glance/glance.sqlite.",
  }),
  slave_connection: str({
    secret: true,
    help:
      "MariaDB replica, as a URL like `connection`: lists are read from it, and may be older by its lag. " +
      "When it cannot be reached they are read from `connection`.",
  }),
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
    min: -1,
    aliases: ["DEFAULT.sql_idle_timeout", "idle_timeout"],
    help: "Age in seconds at which a connection to MariaDB is replaced; -1 means never.",
  }),
  max_pool_size: int({
    default: 5,
    min: 0,
    help: "Connections to MariaDB that stay open; 0 means no limit.",
  }),
  max_overflow: int({
    default: 50,
    min: -1,
    help: "Connections above max_pool_size, closed after use; -1 means no limit.",
  }),
  pool_timeout: int({
    min: 0,
    help: "Seconds that a request waits for a connection before it is answered with 503. Unset means 30.",
  }),
  max_retries: int({
    default: 10,
    min: -1,
    aliases: ["DEFAULT.sql_max_retries"],
    help: "Attempts to reach MariaDB at start; -1 means without limit.",
  }),
  retry_interval: int({
    default: 10,
    min: 0,
    aliases: ["DEFAULT.sql_retry_interval", "reconnect_interval"],
    help: "Seconds between two attempts to reach MariaDB at start.",
  }),
  db_retry_interval: int({
    default: 1,
    min: 0,
    help:
      "Seconds before a transaction is tried again after a lost connection. The first time is at once. After a " +
      "deadlock: the longest wait, which begins at some milliseconds.",
  }),
  db_inc_retry_interval: bool({
    default: true,
    help: "Double db_retry_interval with each attempt.",
  }),
  db_max_retry_interval: int({
    default: 10,
    min: 0,
    help: "Longest wait before a transaction is tried again, in seconds.",
  }),
  db_max_retries: int({
    default: 20,
    min: -1,
    help:
      "Repetitions of one transaction after a deadlock or a lost connection; -1 means without limit. A read ends " +
      "after 5 seconds and a write after 20 in any case, with 503.",
  }),
  use_db_reconnect: bool({ default: false, acts: false, help: "Connect again after a lost connection." }),
  mysql_sql_mode: str({
    default: "TRADITIONAL",
    help: "SQL mode of each session; empty means the server's. NO_BACKSLASH_ESCAPES is left out.",
  }),
  mysql_wsrep_sync_wait: int({
    min: 0,
    max: 15,
    help:
      "wsrep_sync_wait of each session: with 1, a read sees what was committed on any node of a Galera cluster. " +
      "Unset means the server's.",
  }),
  sqlite_synchronous: bool({
    default: true,
    acts: false,
    help: "Wait until data is on the disk. Always on: a confirmed write survives a power loss.",
  }),
  connection_debug: int({
    default: 0,
    help: "From 50 on, each statement is logged, without its values.",
  }),
  connection_trace: bool({ default: false, acts: false, help: "Put Python frames into SQL comments." }),
  connection_parameters: str({
    default: "",
    secret: true,
    help: "Parameters added to the URLs of MariaDB, for example ssl_ca=/etc/ssl/db.pem.",
  }),
  backend: str({ default: "sqlalchemy", acts: false, help: "Database layer of Python. Not used." }),
  synchronous_reader: bool({
    default: true,
    acts: false,
    help: "Readers must see what was just written, whatever the replication lag. Not used.",
  }),
};
