/** Changes of tables that others read and write meanwhile. */
import { GlanceError } from "../../../src/errors.ts";
import type { Session } from "./sync_lease.ts";

/**
 * A change waits for the transactions that use its table, and every later statement on that table waits behind it. So it
 * waits shortly, lets the others pass, and tries again.
 */
const WAIT_SECONDS = 3;
const PAUSE_MILLIS = 1000;
const TRIES = 150;

const LOCK_WAIT_TIMEOUT = 1205;
const DEADLOCK = 1213;
/** The server cannot do it with the ALGORITHM or LOCK that was asked for. */
const NOT_ONLINE = [1845, 1846];

/** Runs a statement that changes a table, without keeping others from it. Errors: unavailable, database. */
export async function online(conn: Session, statement: string): Promise<void> {
  await conn.run(`SET SESSION lock_wait_timeout = ${WAIT_SECONDS}`);
  for (let tries = 1;; tries++) {
    try {
      await conn.run(statement);
      return;
    } catch (error) {
      const number = errorNumber(error);
      if (number !== LOCK_WAIT_TIMEOUT && number !== DEADLOCK) throw explained(statement, number, error);
      if (tries === TRIES) throw inUse(statement, error);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
  }
}

/** MariaDB's number of an error, also of one that wraps it. */
function errorNumber(error: unknown): number | null {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { errno } = each as { errno?: unknown };
    if (typeof errno === "number") return errno;
  }
  return null;
}

const tableOf = (statement: string) => /TABLE (?:IF NOT EXISTS )?(\w+)/.exec(statement)?.[1] ?? "";

function explained(statement: string, number: number | null, error: unknown): unknown {
  if (number === null || !NOT_ONLINE.includes(number)) return error;
  const table = tableOf(statement);
  return new GlanceError(
    "database",
    `MariaDB cannot change table ${table} while it is used: ${
      (error as Error).message
    } Rebuild it when nobody uses ` +
      `it (ALTER TABLE ${table} FORCE), then run "db sync" again.`,
    { cause: error },
  );
}

function inUse(statement: string, error: unknown): GlanceError {
  return new GlanceError(
    "unavailable",
    `Table ${tableOf(statement)} is used by a transaction that does not end (see SHOW PROCESSLIST). ` +
      'Run "db sync" again when it has ended: it goes on where it stopped.',
    { cause: error },
  );
}
