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

/** Makes a database, and removes it at the end. `options`: of CREATE DATABASE. */
export async function withMariadb<T>(
  use: (database: MariadbDatabase) => Promise<T>,
  options = "CHARACTER SET utf8",
): Promise<T> {
  const name = `oneglance_test_${crypto.randomUUID().replaceAll("-", "")}`;
  const server = await connect();
  try {
    await server.query(`CREATE DATABASE ${name} ${options}`);
    await server.query(`USE ${name}`);
    return await use(databaseOn(server, name));
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${name}`);
    await server.end();
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

function databaseOn(server: Connection, name: string): MariadbDatabase {
  const rows = async (sql: string, params: readonly Value[] = []) =>
    (await server.query(sql, [...params]))[0] as Row[];
  return {
    connection: connectionTo(name),
    rows,
    run: async (sql, params = []) =>
      ((await server.query(sql, [...params]))[0] as ResultSetHeader).affectedRows,
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
      const session = await connect(name);
      return { ...databaseOn(session, name), close: () => session.end() };
    },
  };
}

function connect(database?: string): Promise<Connection> {
  return mysql.createConnection({ ...place(), database, dateStrings: true, charset: "UTF8MB4_GENERAL_CI" });
}

function place() {
  const { hostname, port, username, password } = MARIADB!;
  return {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

function connectionTo(name: string): string {
  const { username, password, host } = MARIADB!;
  return `mysql+pymysql://${username}${password === "" ? "" : `:${password}`}@${host}/${name}?charset=utf8`;
}
