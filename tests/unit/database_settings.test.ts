import assert from "node:assert/strict";
import { MARIADB_DEFAULTS } from "../../db/engines/mariadb.ts";
import { configFrom } from "../../src/config/config.ts";
import { connectionOf, mariadbSettings } from "../../src/database_settings.ts";
import { isError } from "../../src/errors.ts";

Deno.test("what [database] says of a MariaDB, and its defaults", () => {
  assert.deepEqual(mariadbSettings(configFrom({})), MARIADB_DEFAULTS);
  const settings = mariadbSettings(configFrom({
    "database.max_pool_size": "7",
    "database.max_overflow": "-1",
    "database.pool_timeout": "3",
    "database.idle_timeout": "60",
    "database.max_retries": "-1",
    "database.retry_interval": "2",
    "database.db_max_retries": "4",
    "database.db_retry_interval": "5",
    "database.db_inc_retry_interval": "false",
    "database.db_max_retry_interval": "6",
    "database.mysql_sql_mode": "",
    "database.mysql_wsrep_sync_wait": "1",
    "database.slave_connection": "mysql://replica/glance",
    "database.connection_parameters": "ssl_ca=/ca.pem",
  }));
  assert.deepEqual(settings, {
    pool: { size: 7, overflow: -1, waitSeconds: 3, recycleSeconds: 60 },
    session: { sqlMode: "", wsrepSyncWait: 1, trace: null },
    retry: { retries: 4, seconds: 5, increase: false, maxSeconds: 6 },
    start: { attempts: -1, seconds: 2 },
    replica: "mysql://replica/glance?ssl_ca=/ca.pem",
  });
  assert.equal(mariadbSettings(configFrom({ "database.connection_debug": "49" })).session.trace, null);
  assert.notEqual(mariadbSettings(configFrom({ "database.connection_debug": "50" })).session.trace, null);
});

Deno.test("connection_parameters belong to the URLs of MariaDB alone", () => {
  const rows: [connection: string, expected: string][] = [
    ["mysql+pymysql://h/glance", "mysql+pymysql://h/glance?ssl_ca=/ca.pem"],
    ["mysql+pymysql://h/glance?charset=utf8", "mysql+pymysql://h/glance?charset=utf8&ssl_ca=/ca.pem"],
    ["sqlite:////g.db", "sqlite:////g.db"],
  ];
  for (const [connection, expected] of rows) {
    const options = { "database.connection": connection, "database.connection_parameters": "ssl_ca=/ca.pem" };
    assert.equal(connectionOf(configFrom(options)), expected);
  }
  assert.throws(() => connectionOf(configFrom({})), (error) => isError(error, "config"));
});
