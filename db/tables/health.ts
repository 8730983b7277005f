/** Whether the database can be read and written: for health checks. */
import type { Conn, WriteConn } from "../conn.ts";
import { beginUpload, dropUpload } from "./uploads.ts";

/** `SELECT 1`. */
export async function ping(conn: Conn): Promise<void> {
  await conn.one("SELECT 1 AS alive");
}

/** Characters that fit into no page, so that the probe needs pages of its own. */
const PROBE_SIZE = 4096;

/**
 * Writes some pages and takes them back in the same transaction: for health. Errors: unavailable when there is no
 * space. No image has the id.
 */
export async function probe(conn: WriteConn): Promise<void> {
  const lease = {
    image_id: "",
    token: "",
    owner: "x".repeat(PROBE_SIZE),
    store_id: null,
    seconds: 0,
  };
  await beginUpload(conn, lease);
  await dropUpload(conn, lease.token);
}
