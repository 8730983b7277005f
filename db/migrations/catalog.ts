/** What a database says of its own tables. */
import type { Conn, WriteConn } from "../conn.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { online } from "./mariadb/online.ts";

/** What the names of our tables, columns and indexes begin with. */
export const OURS = "oneglance_";

export interface Catalog {
  tables(conn: Conn): Promise<string[]>;
  /** None when there is no such table. */
  columns(conn: Conn, table: string): Promise<string[]>;
  /** Statements that remove our indexes on the tables of upstream, then our columns there. */
  dropsInTheirs(conn: Conn): Promise<string[]>;
  /** A statement that removes an index that may be there. */
  dropIndex(table: string, index: string): string;
  /** Runs a statement that changes a table. */
  alter(conn: WriteConn, statement: string): Promise<void>;
}

const SQLITE: Catalog = {
  async tables(conn) {
    const rows = await conn.all(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    return rows.map(({ name }) => String(name));
  },
  async columns(conn, table) {
    const rows = await conn.all("SELECT name FROM pragma_table_info(?)", [table]);
    return rows.map(({ name }) => String(name));
  },
  async dropsInTheirs(conn) {
    const rows = await conn.all(
      `SELECT name, tbl_name AS owner FROM sqlite_schema
      WHERE type = 'index' AND substr(name, 1, 10) = '${OURS}' AND substr(tbl_name, 1, 10) <> '${OURS}' ORDER BY name`,
    );
    return rows.map(({ name, owner }) => this.dropIndex(String(owner), String(name)));
  },
  dropIndex: (_, index) => `DROP INDEX IF EXISTS ${index}`,
  alter: async (conn, statement) => void await conn.run(statement),
};

const MARIADB: Catalog = {
  async tables(conn) {
    const rows = await conn.all(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = database()",
    );
    return rows.map(({ name }) => String(name));
  },
  async columns(conn, table) {
    const rows = await conn.all(
      `SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema = database() AND table_name = ?`,
      [table],
    );
    return rows.map(({ name }) => String(name));
  },
  async dropsInTheirs(conn) {
    const named = (what: string) =>
      `table_schema = database() AND left(${what}, 10) = '${OURS}' AND left(table_name, 10) <> '${OURS}'`;
    const indexes = await conn.all(
      `SELECT DISTINCT index_name AS name, table_name AS owner FROM information_schema.statistics
      WHERE ${named("index_name")} ORDER BY 2, 1`,
    );
    const columns = await conn.all(
      `SELECT column_name AS name, table_name AS owner FROM information_schema.columns
      WHERE ${named("column_name")} ORDER BY 2, ordinal_position`,
    );
    return [
      ...indexes.map(({ name, owner }) => this.dropIndex(String(owner), String(name))),
      ...columns.map(({ name, owner }) =>
        `ALTER TABLE ${owner} DROP COLUMN IF EXISTS ${name}, ALGORITHM=INSTANT`
      ),
    ];
  },
  dropIndex: (table, index) =>
    `ALTER TABLE ${table} DROP INDEX IF EXISTS ${index}, ALGORITHM=INPLACE, LOCK=NONE`,
  alter: online,
};

const CATALOGS: Record<Dialect["name"], Catalog> = { sqlite: SQLITE, mariadb: MARIADB };

/** What the database of a connection says of its tables. */
export function catalogOf(conn: Conn): Catalog {
  return CATALOGS[conn.dialect.name];
}
