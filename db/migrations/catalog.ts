/** What a database says of its own tables. */
import type { Conn } from "../conn.ts";
import type { Dialect } from "../dialects/dialect.ts";

interface Catalog {
  tables(conn: Conn): Promise<string[]>;
  columns(conn: Conn, table: string): Promise<string[]>;
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
};

const CATALOGS: Record<Dialect["name"], Catalog> = { sqlite: SQLITE, mariadb: MARIADB };

/** The names of all tables. */
export function tablesOf(conn: Conn): Promise<string[]> {
  return CATALOGS[conn.dialect.name].tables(conn);
}

/** The names of a table's columns; none when there is no such table. */
export function columnsOf(conn: Conn, table: string): Promise<string[]> {
  return CATALOGS[conn.dialect.name].columns(conn, table);
}
