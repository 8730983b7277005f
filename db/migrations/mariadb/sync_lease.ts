/**
 * Who syncs a MariaDB: a row with a time, because a lock of the server (`GET_LOCK`) is granted on every node of a
 * Galera cluster at once. The row spares a second process the work; two that do it together would do no harm.
 */
import { hostname } from "node:os";
import type { WriteConn } from "../../conn.ts";

/** One session, outside any transaction: each statement is one. */
export type Session = Pick<WriteConn, "dialect" | "all" | "one" | "run" | "unseal">;

/** How long the row is another's after its last sign of life; a step may take longer. */
const LEASE_SECONDS = 30;
const LOOK_AGAIN_MILLIS = 500;

const TABLE = `CREATE TABLE IF NOT EXISTS oneglance_sync (
  id INTEGER NOT NULL,
  begun BOOLEAN NOT NULL,
  owner VARCHAR(255),
  expires_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

const EXPIRY = `TIMESTAMPADD(SECOND, ${LEASE_SECONDS}, UTC_TIMESTAMP(6))`;

export class SyncLease {
  readonly #conn: Session;
  readonly #owner: string;

  private constructor(conn: Session) {
    this.#conn = conn;
    this.#owner = `${hostname()}:${Deno.pid}:${crypto.randomUUID()}`;
  }

  /** Waits while another process has the row and shows life. */
  static async take(conn: Session): Promise<SyncLease> {
    const lease = new SyncLease(conn);
    await conn.run(TABLE);
    await conn.run(
      "INSERT IGNORE INTO oneglance_sync (id, begun, expires_at) VALUES (1, 0, UTC_TIMESTAMP(6))",
    );
    while (!await lease.#took()) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MILLIS));
    return lease;
  }

  async #took(): Promise<boolean> {
    const free = "owner IS NULL OR expires_at < UTC_TIMESTAMP(6)";
    const taken = await this.#conn.run(
      `UPDATE oneglance_sync SET owner = ?, expires_at = ${EXPIRY} WHERE id = 1 AND (${free})`,
      [this.#owner],
    );
    return taken > 0;
  }

  /** Shows life. */
  async renew(): Promise<void> {
    await this.#conn.run(`UPDATE oneglance_sync SET expires_at = ${EXPIRY} WHERE owner = ?`, [this.#owner]);
  }

  /** Notes that the tables of an empty database are being made: until the revision is set, some may be missing. */
  async begin(): Promise<void> {
    await this.#conn.run("UPDATE oneglance_sync SET begun = 1");
  }

  async end(): Promise<void> {
    await this.#conn.run("UPDATE oneglance_sync SET owner = NULL WHERE owner = ?", [this.#owner]);
  }
}
