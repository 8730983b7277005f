/** Databases on the MariaDB that `ONEGLANCE_TEST_DATABASE` names, such as `mysql://root@127.0.0.1:3306/`. */
import mysql, { type Connection, type ResultSetHeader } from "mysql2/promise";
import { PLAIN, settle } from "../../db/conn_settings.ts";
import type { Row, Value, WriteConn } from "../../db/conn.ts";
import { MARIADB as DIALECT } from "../../db/dialects/mariadb.ts";

const NAMED = Deno.env.get("ONEGLANCE_TEST_DATABASE") ?? "";

/** The server, or null where the tests run on SQLite. */
export const MARIADB: URL | null = /^(mysql|mariadb)\b/.test(NAMED) ? new URL(NAMED) : null;

/** A database of a test's own. */
export interface MariadbDatabase {
  /** What a configuration names it by. */
  connection: string;
  rows(sql: string, params?: readonly Value[]): Promise<Row[]>;
  /** Resolves to how many rows matched. */
  run(sql: string, params?: readonly Value[]): Promise<number>;
  /** `SHOW CREATE TABLE` of each table, by its name; without the next number of a row. */
  tables(): Promise<Record<string, string>>;
  /** Waits until the query finds a row. */
  until(sql: string): Promise<void>;
  /** A session of its own on the same database. */
  another(): Promise<MariadbDatabase & { close(): Promise<void> }>;
}

/** Makes a database, and removes it at the end. `options`: of CREATE DATABASE; `server`: default `MARIADB`. */
export async function withMariadb<T>(
  use: (database: MariadbDatabase) => Promise<T>,
  options = "CHARACTER SET utf8",
  server: URL = MARIADB!,
): Promise<T> {
  const name = `oneglance_test_${crypto.randomUUID().replaceAll("-", "")}`;
  const root = await connect(server);
  try {
    await root.query(`CREATE DATABASE ${name} ${options}`);
    await root.query(`USE ${name}`);
    return await use(databaseOn(server, root, name));
  } finally {
    await root.query(`DROP DATABASE IF EXISTS ${name}`);
    await root.end();
  }
}

/** A session of it as the migrations take one. */
export function sessionOn({ rows, run }: MariadbDatabase): WriteConn {
  return {
    dialect: DIALECT,
    all: rows,
    one: async (sql, params) => (await rows(sql, params))[0],
    run,
    now: () => "2026-01-01 00:00:00",
    emitted: false,
    guard: null,
    ...settle(PLAIN),
  };
}

/** The same; after so many changes it fails for good, as if its process had died. */
export function dying(database: MariadbDatabase, allowed: number): WriteConn {
  const session = sessionOn(database);
  let left = allowed;
  return {
    ...session,
    async run(sql, params) {
      if (left-- <= 0) throw new Error("died");
      return await session.run(sql, params);
    },
  };
}

function databaseOn(server: URL, session: Connection, name: string): MariadbDatabase {
  const rows = async (sql: string, params: readonly Value[] = []) =>
    (await session.query(sql, [...params]))[0] as Row[];
  return {
    connection: connectionTo(server, name),
    rows,
    run: async (sql, params = []) =>
      ((await session.query(sql, [...params]))[0] as ResultSetHeader).affectedRows,
    async tables() {
      const found: Record<string, string> = {};
      for (const [table] of (await rows("SHOW TABLES")).map((row) => Object.values(row))) {
        const [row] = await rows(`SHOW CREATE TABLE \`${table}\``);
        found[String(table)] = String(row!["Create Table"]).replace(/ AUTO_INCREMENT=\d+/, "");
      }
      return found;
    },
    async until(sql) {
      while ((await rows(sql)).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    async another() {
      const other = await connect(server, name);
      return { ...databaseOn(server, other, name), close: () => other.end() };
    },
  };
}

function connect(server: URL, database?: string): Promise<Connection> {
  return mysql.createConnection({
    ...place(server),
    database,
    dateStrings: true,
    charset: "UTF8MB4_GENERAL_CI",
  });
}

function place({ hostname, port, username, password }: URL) {
  return {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

function connectionTo({ username, password, host }: URL, name: string): string {
  return `mysql+pymysql://${username}${password === "" ? "" : `:${password}`}@${host}/${name}?charset=utf8`;
}
