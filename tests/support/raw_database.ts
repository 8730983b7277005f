/**
 * Direct access to a database file, without the product's own code: to make unusual files and to look into them. It
 * uses the same engine: file locks belong to a process, and a second engine would release the locks of the first.
 */
import type { Row, Value } from "../../db/conn.ts";
import { EmbeddedConn } from "../../db/engines/embedded.ts";

/** Runs statements on the file; creates the file when it does not exist. */
export function execOn(path: string, sql: string): void {
  const conn = new EmbeddedConn(path, 5000);
  try {
    conn.exec(sql);
  } finally {
    conn.close();
  }
}

/** Returns every row of a statement. */
export function rowsOf(path: string, sql: string, params: Value[] = []): Row[] {
  const conn = new EmbeddedConn(path, 5000);
  try {
    return conn.all(sql, params);
  } finally {
    conn.close();
  }
}
