/**
 * The database of one test: a SQLite file in the test's folder, or, where `ONEGLANCE_TEST_DATABASE` names a MariaDB
 * server (`mysql://root@127.0.0.1:13306/`, a user that may make databases), a database of its own on it.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type Connection, createConnection } from "mysql2/promise";
import type { Row, Value } from "../../db/conn.ts";
import { EmbeddedConn } from "../../db/engines/embedded.ts";
import { syncDatabase } from "../../db/manage.ts";

const SERVER = Deno.env.get("ONEGLANCE_TEST_DATABASE");

/** Whether the tests run on MariaDB; what is about SQLite's files alone says `ignore: ON_MARIADB`. */
export const ON_MARIADB = SERVER !== undefined;

/** Straight access to a database, past everything that the product does: to make odd rows and to look. */
export interface TestDatabase extends AsyncDisposable {
  /** The text of `[database] connection`. */
  connection: string;
  /** The file; empty on MariaDB. */
  path: string;
  /** Runs statements. */
  exec(sql: string): Promise<void>;
  /** Every row of a statement. */
  rows(sql: string, params?: readonly Value[]): Promise<Row[]>;
  /** Every row of every table, a line each, in order. */
  dump(): Promise<string[]>;
}

/**
 * A database for a test that keeps its files in `directory`; `empty`: without tables; `server`: of MariaDB. The caller
 * disposes of it.
 */
export function newDatabase(
  directory: string,
  { empty = false, server = SERVER }: { empty?: boolean; server?: string } = {},
): Promise<TestDatabase> {
  if (server !== undefined) return databaseOn(server, empty);
  return Promise.resolve(databaseFile(`${directory}/glance.sqlite`));
}

/** Whose data directories have databases on the server; old ones whose directory has gone are dropped. */
const OF_FOLDERS = `CREATE DATABASE IF NOT EXISTS oneglance_tests;
  CREATE TABLE IF NOT EXISTS oneglance_tests.folders (name VARCHAR(64) PRIMARY KEY, folder TEXT, made_at DATETIME)`;
// A process may not have made its directory yet.
const OLD =
  "SELECT name, folder FROM oneglance_tests.folders WHERE made_at < utc_timestamp() - INTERVAL 10 MINUTE";

/**
 * `[database] connection` of a process whose data is in `folder`, the same at each of its starts; undefined, where the
 * tests run on SQLite, for the file that the process makes there.
 */
export async function connectionOf(folder: string): Promise<string | undefined> {
  if (SERVER === undefined) return undefined;
  const name = `of_${createHash("md5").update(folder).digest("hex")}`;
  await onServer(SERVER, async (root) => {
    await root.query(OF_FOLDERS);
    for (const row of await select(root, OLD)) {
      if (existsSync(String(row.folder))) continue;
      await root.query(`DROP DATABASE IF EXISTS ${row.name}`);
      await root.query("DELETE FROM oneglance_tests.folders WHERE name = ?", [row.name]);
    }
    await root.query("INSERT IGNORE INTO oneglance_tests.folders VALUES (?, ?, utc_timestamp())", [
      name,
      folder,
    ]);
    await root.query(`CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4`);
  });
  return new URL(name, SERVER).href;
}

const lines = (table: unknown, rows: Row[]) => rows.map((row) => `${table} ${JSON.stringify(row)}`);

/** A file that the product makes when it opens it. By the same engine: locks belong to the process, and a second engine would take them. */
function databaseFile(path: string): TestDatabase {
  const on = <T>(action: (conn: EmbeddedConn) => T): T => {
    const conn = new EmbeddedConn(path, 5000);
    try {
      return action(conn);
    } finally {
      conn.close();
    }
  };
  return {
    connection: `sqlite:///${path}`,
    path,
    // deno-lint-ignore require-await -- what is thrown must be a rejection
    exec: async (sql) => on((conn) => conn.exec(sql)),
    // deno-lint-ignore require-await -- as above
    rows: async (sql, params) => on((conn) => conn.all(sql, params)),
    // deno-lint-ignore require-await -- as above
    dump: async () =>
      on((conn) => {
        const tables = conn.all("SELECT name FROM sqlite_schema WHERE type = 'table'");
        return tables.flatMap(({ name }) => lines(name, conn.all(`SELECT * FROM "${name}"`))).sort();
      }),
    async [Symbol.asyncDispose]() {},
  };
}

/** Which databases of earlier tests are empty again; a sync takes far longer than all else a test does. */
const POOL = "oneglance_tests";
const POOL_TABLE =
  `CREATE DATABASE IF NOT EXISTS ${POOL}; CREATE TABLE IF NOT EXISTS ${POOL}.free (name VARCHAR(64) PRIMARY KEY, kept TEXT)`;

async function onServer<T>(url: string, action: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await createConnection({
    uri: url,
    multipleStatements: true,
    dateStrings: true,
    jsonStrings: true,
    timezone: "Z",
  });
  try {
    return await action(connection);
  } finally {
    await connection.end();
  }
}

const select = async (connection: Connection, sql: string, params: readonly Value[] = []) =>
  (await connection.query(sql, [...params]))[0] as Row[];

const tablesOf = async (connection: Connection) =>
  (await select(connection, "SHOW TABLES")).map((row) => String(Object.values(row)[0])).sort();

async function databaseOn(server: string, empty: boolean): Promise<TestDatabase> {
  const found = empty ? undefined : await fromPool(server);
  const name = found?.name ?? `og_${crypto.randomUUID().replaceAll("-", "")}`;
  const connection = new URL(name, server).href;
  if (!found) await onServer(server, (root) => root.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`));
  const kept = found?.kept ?? (empty ? [] : await freshlySynced(connection));
  // Rows that a sync makes, and the tables themselves, are not put back.
  const spoils = new RegExp(`\\b(?:create|drop|alter|rename|${kept.join("|") || "create"})\\b`, "i");
  let spoiled = empty;
  return {
    connection,
    path: "",
    exec: async (sql) => {
      spoiled ||= spoils.test(sql);
      await onServer(connection, (on) => on.query(sql));
    },
    rows: (sql, params) => onServer(connection, (on) => select(on, sql, params)),
    dump: () =>
      onServer(connection, async (on) => {
        const found: string[] = [];
        for (const name of await tablesOf(on)) {
          found.push(...lines(name, await select(on, `SELECT * FROM ${name}`)));
        }
        return found.sort();
      }),
    async [Symbol.asyncDispose]() {
      await onServer(connection, async (on) => {
        if (spoiled) return void await on.query(`DROP DATABASE ${name}`);
        const used = (await tablesOf(on)).filter((table) => !kept.includes(table));
        const deletes = used.map((table) => `DELETE FROM \`${table}\`;`).join(" ");
        await on.query(`SET foreign_key_checks = 0; ${deletes}`);
        await on.query(`INSERT INTO ${POOL}.free VALUES (?, ?)`, [name, kept.join()]);
      });
    },
  };
}

function fromPool(server: string): Promise<{ name: string; kept: string[] } | undefined> {
  return onServer(server, async (root) => {
    await root.query(POOL_TABLE);
    const [row] = await select(root, `DELETE FROM ${POOL}.free LIMIT 1 RETURNING name, kept`);
    return row && { name: String(row.name), kept: String(row.kept).split(",") };
  });
}

/** Makes the tables; those that have rows at once. */
async function freshlySynced(connection: string): Promise<string[]> {
  await syncDatabase(connection);
  return await onServer(connection, async (on) => {
    const kept: string[] = [];
    for (const table of await tablesOf(on)) {
      if ((await select(on, `SELECT 1 FROM \`${table}\` LIMIT 1`)).length > 0) kept.push(table);
    }
    return kept;
  });
}
