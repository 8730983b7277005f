/**
 * Straight access to a database file, past everything that the product does: to make odd files and to look. By the
 * same engine: file locks belong to a process, and a second engine in it would take them from the first.
 */
import type { Row, Value } from "../../db/conn.ts";
import { EmbeddedConn } from "../../db/engines/embedded.ts";

/** Runs statements on the file, which is made when it is not there. */
export function execOn(path: string, sql: string): void {
  const conn = new EmbeddedConn(path, 5000);
  try {
    conn.exec(sql);
  } finally {
    conn.close();
  }
}

/** Every row of a statement. */
export function rowsOf(path: string, sql: string, params: Value[] = []): Row[] {
  const conn = new EmbeddedConn(path, 5000);
  try {
    return conn.all(sql, params);
  } finally {
    conn.close();
  }
}
