/** A database on a MariaDB server or a Galera cluster (docs/adr/0013-mariadb-writes.md). */
import { fail, GlanceError, isError } from "../../src/errors.ts";
import { getLog } from "../../src/observe/log.ts";
import { withTimeout } from "../../src/util/timeout.ts";
import { parseConnection } from "../connection.ts";
import { type ConnSettings, PLAIN, settle } from "../conn_settings.ts";
import type { Conn, Row, Value, WriteConn } from "../conn.ts";
import type { MariadbTarget } from "../connection_mariadb.ts";
import { type Database, perform, readsOn, writesBy } from "../database.ts";
import { MARIADB } from "../dialects/mariadb.ts";
import { requireSynced } from "../migrations/state.ts";
import { isRefusal, MariadbFailure } from "./mariadb_failure.ts";
import { Pool, type PoolSettings } from "./mariadb_pool.ts";
import { repeated, type RetrySettings } from "./mariadb_retry.ts";
import { Session, type SessionSettings } from "./mariadb_session.ts";
import { SessionConn, Transactions } from "./mariadb_transaction.ts";

/** What `[database]` says about a MariaDB. */
export interface MariadbSettings {
  pool: PoolSettings;
  session: SessionSettings;
  retry: RetrySettings;
  /** `max_retries` and `retry_interval`: how often, and after how long, a server is asked at start. */
  start: { attempts: number; seconds: number };
  /** `slave_connection`: the URL of a replica, from which lists are read. */
  replica: string | null;
}

/** The defaults of `[database]`. */
export const MARIADB_DEFAULTS: MariadbSettings = {
  pool: { size: 5, overflow: 50, waitSeconds: 30, recycleSeconds: 3600 },
  session: { sqlMode: "TRADITIONAL", wsrepSyncWait: null, trace: null },
  retry: { retries: 20, seconds: 1, increase: true, maxSeconds: 10 },
  start: { attempts: 10, seconds: 10 },
  replica: null,
};

/** How long reads and writes wait for a database that is away: a write holds what a client has brought. */
const WAITS = { readMillis: 5_000, writeMillis: 20_000 };
/** The same in a task: hours of work may depend on it. */
const PATIENT = { readMillis: 120_000, writeMillis: 120_000 };

const log = getLog("oneglance.database");

/** How long a read waits for the same one that is running; longer, and it asks by itself. */
const SHARE_MILLIS = 50;

/**
 * Reads; each statement takes a connection of the pool for itself. Of callers who ask the same while it is being read, all
 * wait for the next reading and share it: what each gets was read after it asked.
 */
class PoolConn implements Conn {
  readonly dialect = MARIADB;
  readonly unseal: Conn["unseal"];
  readonly #pool: Pool;
  readonly #retry: RetrySettings;
  readonly #millis: number;
  /** By statement and values: until when it is waited for, and its end. */
  readonly #running = new Map<string, { until: number; ended: Promise<void> }>();
  /** Those that are not sent yet. */
  readonly #next = new Map<string, Promise<Row[]>>();

  constructor(pool: Pool, retry: RetrySettings, settings: ConnSettings, millis = WAITS.readMillis) {
    this.unseal = settle(settings).unseal;
    this.#pool = pool;
    this.#retry = retry;
    this.#millis = millis;
  }

  all(sql: string, params?: readonly Value[]): Promise<Row[]> {
    const key = JSON.stringify([sql, params]);
    const next = this.#next.get(key);
    if (next) return next;
    const running = this.#running.get(key);
    const left = running ? running.until - performance.now() : 0;
    if (left <= 0) return this.#ask(key, sql, params);
    const shared = this.#after(running!.ended, left, () => {
      this.#next.delete(key);
      return this.#ask(key, sql, params);
    });
    this.#next.set(key, shared);
    return shared;
  }

  async #after(ended: Promise<void>, millis: number, ask: () => Promise<Row[]>): Promise<Row[]> {
    await withTimeout(ended, millis, () => {});
    const rows = await ask();
    for (const row of rows) Object.freeze(row);
    return rows;
  }

  #ask(key: string, sql: string, params?: readonly Value[]): Promise<Row[]> {
    const rows = repeated(
      this.#retry,
      this.#millis,
      () => this.#pool.use((session) => session.rows(sql, params)),
    );
    const ended = rows.then(() => {}, () => {}).then(() => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    });
    const running = { until: performance.now() + SHARE_MILLIS, ended };
    this.#running.set(key, running);
    return rows;
  }

  async one(sql: string, params?: readonly Value[]): Promise<Row | undefined> {
    return (await this.all(sql, params))[0];
  }
}

/** Runs `action` on a connection of its own, outside of any transaction: for migrations. */
export async function withMariadb<T>(
  target: MariadbTarget,
  action: (conn: WriteConn) => Promise<T>,
  { session: sessionSettings, start }: MariadbSettings = MARIADB_DEFAULTS,
): Promise<T> {
  const session = await reached(start, () => Session.open(target, sessionSettings));
  try {
    return await repeated(ONCE, 0, async () => {
      await requireUsable(session);
      return await action(new SessionConn(session, settle(PLAIN), "migration"));
    });
  } finally {
    session.end();
  }
}

const ONCE: RetrySettings = { retries: 0, seconds: 0, increase: false, maxSeconds: 0 };

/** Does `action` again while the server cannot be reached, as often as `max_retries` says. */
async function reached<T>(
  { attempts, seconds }: MariadbSettings["start"],
  action: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await repeated(ONCE, 0, action);
    } catch (error) {
      const cause = (error as Error).cause;
      const text = cause instanceof Error ? cause.message : String(cause);
      if (cause instanceof MariadbFailure && isRefusal(cause)) {
        fail("database", `The database server refuses: ${text}`, { cause });
      }
      if (!isError(error, "unavailable")) throw error;
      if (attempts >= 0 && attempt >= Math.max(attempts, 1)) {
        fail("unavailable", `The database cannot be reached: ${text}`, { cause: error });
      }
      log.warn(`the database cannot be reached: ${text}; the next attempt is in ${seconds} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

/** Opens a database whose schema is up to date. Errors: config, database, unavailable. */
export async function openMariadb(
  target: MariadbTarget,
  given: MariadbSettings = MARIADB_DEFAULTS,
  settings: ConnSettings = PLAIN,
): Promise<Database> {
  const { retry } = given;
  const poolOf = (place: MariadbTarget) => new Pool(() => Session.open(place, given.session), given.pool);
  const replica = given.replica === null ? null : poolOf(replicaTarget(given.replica));
  const pool = poolOf(target);
  const conn = new PoolConn(pool, retry, settings);
  try {
    await reached(given.start, () => pool.use(requireUsable));
    await requireSynced(conn);
  } catch (error) {
    pool.close();
    throw error;
  }
  let listener: (() => void) | null = null;
  let closed = false;
  const running = new Set<Promise<unknown>>();
  const writesWithin = (millis: number) => {
    const transactions = new Transactions(pool, retry, settings, millis);
    return writesBy((name, input) => {
      if (closed) return Promise.reject(new GlanceError("unavailable", "The database is closed."));
      const done = transactions.run((on) => perform(on, { name, input })).then(({ result, emitted }) => {
        if (emitted) listener?.();
        return result;
      });
      running.add(done);
      const forget = () => running.delete(done);
      done.then(forget, forget);
      return done;
    });
  };
  return {
    read: replica ? withLists(readsOn(conn), readsOn(new PoolConn(replica, ONCE, settings))) : readsOn(conn),
    write: writesWithin(WAITS.writeMillis),
    patient: {
      read: readsOn(new PoolConn(pool, retry, settings, PATIENT.readMillis)),
      write: writesWithin(PATIENT.writeMillis),
    },
    onEvents(to) {
      listener = to;
    },
    async close() {
      closed = true;
      await Promise.allSettled(running);
      replica?.close();
      pool.close();
    },
  };
}

/** Errors: database, for a server that cannot serve: MySQL, one that is too old, or that refuses our isolation. */
async function requireUsable(session: Session): Promise<void> {
  const [row] = await session.rows(
    "SELECT version() AS version, @@log_bin AS log, @@binlog_format AS format",
  );
  const version = String(row?.version);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (!version.includes("MariaDB") || major < 10 || (major === 10 && minor < 5)) {
    fail("database", `The database server is ${version}. oneglance needs MariaDB 10.5 or later.`);
  }
  if (Number(row?.log) === 1 && row?.format === "STATEMENT") {
    fail("database", "The database server has binlog_format = STATEMENT. Set it to ROW or MIXED.");
  }
}

function replicaTarget(text: string): MariadbTarget {
  const target = parseConnection(text);
  if (target.kind !== "mariadb") fail("config", "[database] slave_connection is not the URL of a MariaDB.");
  return target;
}

type Reads = Database["read"];

/** The reads of `main`, with the lists from `replica` while that can be reached. */
function withLists(main: Reads, replica: Reads): Reads {
  const first =
    <I, R>(near: (input: I) => Promise<R>, sure: (input: I) => Promise<R>) => async (input: I) => {
      try {
        return await near(input);
      } catch (error) {
        if (!isError(error, "unavailable", "database")) throw error;
        log.warn("the replica cannot be read; its lists come from the main database", {
          error,
          repeated: "replica",
        });
        return await sure(input);
      }
    };
  return {
    ...main,
    images: { ...main.images, list: first(replica.images.list, main.images.list) },
    tasks: { ...main.tasks, list: first(replica.tasks.list, main.tasks.list) },
    metadefs: {
      ...main.metadefs,
      namespaces: first(replica.metadefs.namespaces, main.metadefs.namespaces),
      tags: first(replica.metadefs.tags, main.metadefs.tags),
    },
  };
}
