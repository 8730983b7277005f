import type { Dialect } from "../dialects/dialect.ts";
import type { Conn, Row, Value } from "../conn.ts";

/** Rows kept at most, and characters of one: 4 MiB at the most. */
const MAX_ROWS = 1000;
const MAX_CHARACTERS = 4096;

/**
 * A connection that reads, and keeps single rows until the next commit. Before each row it asks the engine
 * for the version of the data, which another connection's commit changes, also one of another process
 * (https://www.sqlite.org/pragma.html#pragma_data_version): so a row is never older than one read at that moment, and
 * costs the question for the version and not the query. What the connection itself writes would go unnoticed: it must only read.
 */
export class Remembered implements Conn {
  readonly dialect: Dialect;
  readonly #conn: Conn;
  #version: unknown;
  readonly #rows = new Map<string, Row | undefined>();

  constructor(conn: Conn) {
    this.dialect = conn.dialect;
    this.#conn = conn;
  }

  unseal(stored: string): string {
    return this.#conn.unseal(stored);
  }

  all(sql: string, params?: readonly Value[]): Row[] | Promise<Row[]> {
    return this.#conn.all(sql, params);
  }

  async one(sql: string, params: readonly Value[] = []): Promise<Row | undefined> {
    const version = (await this.#conn.one("PRAGMA data_version"))?.data_version;
    if (version !== this.#version) {
      this.#rows.clear();
      this.#version = version;
    }
    const key = JSON.stringify([sql, ...params]);
    if (this.#rows.has(key)) return this.#rows.get(key);
    const row = await this.#conn.one(sql, params);
    this.#keep(key, row, version);
    return row;
  }

  #keep(key: string, row: Row | undefined, version: unknown): void {
    // Another call may have seen a newer version while this one waited.
    if (version !== this.#version || !isSmall(row)) return;
    const oldest = this.#rows.keys().next();
    if (this.#rows.size >= MAX_ROWS && !oldest.done) this.#rows.delete(oldest.value);
    this.#rows.set(key, row && Object.freeze(row));
  }
}

function isSmall(row: Row | undefined): boolean {
  return Object.values(row ?? {}).every((value) =>
    typeof value !== "string" || value.length <= MAX_CHARACTERS
  );
}
