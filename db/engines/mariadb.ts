/** A database on a MariaDB server or a Galera cluster. */
import { GlanceError } from "../../src/errors.ts";
import { formatTimestamp } from "../clock.ts";
import { type ConnSettings, PLAIN, settle } from "../conn_settings.ts";
import type { Conn, WriteConn } from "../conn.ts";
import type { MariadbTarget } from "../connection_mariadb.ts";
import { MARIADB } from "../dialects/mariadb.ts";
import { type Database, perform, readsOn, type WriteName, writesBy } from "../database.ts";
import { requireSynced } from "../migrations/state.ts";
import { Pool, type PoolSettings } from "./mariadb_pool.ts";
import { repeated, type RetrySettings } from "./mariadb_retry.ts";
import { Session, type SessionSettings } from "./mariadb_session.ts";

/** What `[database]` says about a MariaDB. */
export interface MariadbSettings {
  pool: PoolSettings;
  session: SessionSettings;
  retry: RetrySettings;
}

/** The defaults of `[database]`. */
export const MARIADB_DEFAULTS: MariadbSettings = {
  pool: { size: 5, overflow: 50, waitSeconds: 30, recycleSeconds: 3600 },
  session: { sqlMode: "TRADITIONAL", wsrepSyncWait: null, trace: null },
  retry: { retries: 20, seconds: 1, increase: true, maxSeconds: 10 },
};

/** How long a client waits for a database that is away. A write holds what a client has brought: it waits longer. */
const READ_MILLIS = 5_000;
const WRITE_MILLIS = 20_000;

/** Upstream's columns have whole seconds; what a write answers is what is stored. */
function now(): string {
  return formatTimestamp(Date.now() * 1000).slice(0, 19);
}

/** A connection that writes, on a session that is in a transaction or not. */
function sessionConn(session: Session, settings: ConnSettings): WriteConn {
  return {
    dialect: MARIADB,
    all: (sql, params) => session.rows(sql, params),
    one: async (sql, params) => (await session.rows(sql, params))[0],
    run: (sql, params) => session.run(sql, params),
    now,
    emitted: false,
    ...settle(settings),
  };
}

/** Each statement takes a connection of the pool for itself. */
function poolConn(pool: Pool, retry: RetrySettings, settings: ConnSettings): Conn {
  const rows: Session["rows"] = (sql, params) =>
    repeated(retry, READ_MILLIS, () => pool.use((session) => session.rows(sql, params)));
  return {
    dialect: MARIADB,
    all: rows,
    one: async (sql, params) => (await rows(sql, params))[0],
    unseal: settle(settings).unseal,
  };
}

/** Runs `action` in one transaction. */
async function inTransaction<T>(
  session: Session,
  settings: ConnSettings,
  action: (conn: WriteConn) => Promise<T>,
): Promise<{ result: T; emitted: boolean }> {
  await session.query("START TRANSACTION");
  try {
    const conn = sessionConn(session, settings);
    const result = await action(conn);
    await session.query("COMMIT");
    return { result, emitted: conn.emitted };
  } catch (error) {
    // After a deadlock of Galera the next statement would be a transaction of its own, and stay.
    await session.query("ROLLBACK").catch(() => session.destroy());
    throw error;
  }
}

/** Runs `action` on a connection of its own, outside of any transaction: for migrations. */
export async function withMariadb<T>(
  target: MariadbTarget,
  action: (conn: WriteConn) => Promise<T>,
  settings: MariadbSettings = MARIADB_DEFAULTS,
): Promise<T> {
  return await repeated({ ...settings.retry, retries: 0 }, 0, async () => {
    const session = await Session.open(target, settings.session);
    try {
      return await action(sessionConn(session, PLAIN));
    } finally {
      session.end();
    }
  });
}

/** Opens a database whose schema is up to date. Errors: config, database, unavailable. */
export async function openMariadb(
  target: MariadbTarget,
  { pool: poolSettings, session, retry }: MariadbSettings = MARIADB_DEFAULTS,
  settings: ConnSettings = PLAIN,
): Promise<Database> {
  const pool = new Pool(() => Session.open(target, session), poolSettings);
  const conn = poolConn(pool, retry, settings);
  try {
    await requireSynced(conn);
  } catch (error) {
    pool.close();
    throw error;
  }
  let listener: (() => void) | null = null;
  const running = new Set<Promise<unknown>>();
  const write = async (name: WriteName, input: unknown): Promise<unknown> => {
    const { result, emitted } = await repeated(
      retry,
      WRITE_MILLIS,
      () => pool.use((session) => inTransaction(session, settings, (conn) => perform(conn, { name, input }))),
    );
    if (emitted) listener?.();
    return result;
  };
  let closed = false;
  return {
    read: readsOn(conn),
    write: writesBy((name, input) => {
      if (closed) return Promise.reject(new GlanceError("unavailable", "The database is closed."));
      const done = write(name, input);
      running.add(done);
      const forget = () => running.delete(done);
      done.then(forget, forget);
      return done;
    }),
    onEvents(given) {
      listener = given;
    },
    async close() {
      closed = true;
      await Promise.allSettled(running);
      pool.close();
    },
  };
}
