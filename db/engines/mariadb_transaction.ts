/**
 * One write as a transaction of MariaDB, done again as a whole until it is settled (docs/adr/0013-mariadb-writes.md).
 *
 * A change commits together with a mark of its own, a row of `oneglance_commits`. When the answer to COMMIT never came, the
 * mark is inserted once more, as void: if it is there, the change was committed; if not, it never will be, for its own
 * mark would collide.
 */
import type { WriteConn } from "../conn.ts";
import { DUPLICATE, MARIADB } from "../dialects/mariadb.ts";
import { type ConnSettings, settle } from "../conn_settings.ts";
import { formatTimestamp } from "../clock.ts";
import { MariadbFailure, tryLater } from "./mariadb_failure.ts";
import type { Pool } from "./mariadb_pool.ts";
import { repeated, type RetrySettings } from "./mariadb_retry.ts";
import type { Session } from "./mariadb_session.ts";

/** Marks of sessions that ended without removing theirs go after this time; no write is in doubt that long. */
const OLD_MARKS =
  "DELETE FROM oneglance_commits WHERE made_at < utc_timestamp(6) - INTERVAL 1 DAY LIMIT 1000";
const SWEEP_EVERY = 1000;

/** One statement, so that it costs one round trip; the first error ends it. */
const COMMIT = `BEGIN NOT ATOMIC
  DELETE FROM oneglance_commits WHERE mark = ?;
  INSERT INTO oneglance_commits (mark, is_void, made_at) VALUES (?, 0, utc_timestamp(6));
  COMMIT;
END`;
const VOID = "INSERT INTO oneglance_commits (mark, is_void, made_at) VALUES (?, 1, utc_timestamp(6))";
const IS_VOID = "SELECT is_void FROM oneglance_commits WHERE mark = ?";

const GUARD =
  `INSERT INTO oneglance_guards (slot, turn) VALUES (?, 1) ON DUPLICATE KEY UPDATE turn = turn + 1`;
/** A change that begins the transaction in the same round trip; the server counts the rows of the change. */
const beginning = (sql: string) => `BEGIN NOT ATOMIC START TRANSACTION; ${sql}; END`;
const BEGIN_GUARD = beginning(GUARD);
/** So many rows at most. Two names that share one wait for each other in vain, which is rare and does no harm. */
const SLOTS = 4096;

/** Names that a collation of MariaDB may take for one another are one here: case, accents and final blanks. */
function slotOf(name: string): number {
  const folded = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trimEnd();
  let hash = 2166136261;
  for (let at = 0; at < folded.length; at++) hash = Math.imul(hash ^ folded.charCodeAt(at), 16777619);
  return (hash ^ hash >>> 12) & SLOTS - 1;
}

/** A commit whose answer was lost. */
class InDoubt {
  readonly mark: string;
  constructor(mark: string) {
    this.mark = mark;
  }
}

/** Upstream's columns have whole seconds; so a write answers what is stored. */
function now(): string {
  return formatTimestamp(Date.now() * 1000).slice(0, 19);
}

/** The connection of a write, whose first statement begins its transaction, or of a migration, which has none. */
export class SessionConn implements WriteConn {
  readonly dialect = MARIADB;
  readonly now = now;
  readonly wants: WriteConn["wants"];
  readonly seal: WriteConn["seal"];
  readonly unseal: WriteConn["unseal"];
  emitted = false;
  /** Whether there is something to commit. */
  changed = false;
  /** Whether the transaction is begun, if there is to be one. */
  #isBegun: boolean;
  readonly #session: Session;

  constructor(session: Session, settings: ReturnType<typeof settle>, kind: "transaction" | "migration") {
    ({ wants: this.wants, seal: this.seal, unseal: this.unseal } = settings);
    this.#session = session;
    this.#isBegun = kind === "migration";
  }

  all: WriteConn["all"] = async (sql, params) => {
    await this.#begin();
    return await this.#session.rows(sql, params);
  };

  one: WriteConn["one"] = async (sql, params) => {
    await this.#begin();
    return (await this.#session.rows(sql, params))[0];
  };

  run: WriteConn["run"] = async (sql, params) => {
    const statement = this.#isBegun ? sql : beginning(sql);
    this.#isBegun = true;
    const found = await this.#session.run(statement, params);
    if (found > 0) this.changed = true;
    return found;
  };

  guard = async (name: string): Promise<void> => {
    const statement = this.#isBegun ? GUARD : BEGIN_GUARD;
    this.#isBegun = true;
    await this.#session.run(statement, [slotOf(name)]);
  };

  async #begin(): Promise<void> {
    if (this.#isBegun) return;
    this.#isBegun = true;
    await this.#session.query("START TRANSACTION");
  }
}

/** At the first error: after a deadlock of Galera the next statement would be a transaction of its own, and stay. */
async function rollback(session: Session): Promise<void> {
  await session.query("ROLLBACK").catch(() => session.destroy());
}

export interface Written<T> {
  result: T;
  /** Whether events were recorded. */
  emitted: boolean;
}

/** Runs writes on the connections of a pool. */
export class Transactions {
  readonly #pool: Pool;
  readonly #retry: RetrySettings;
  readonly #settings: ReturnType<typeof settle>;
  readonly #millis: number;
  #commits = 0;

  /** `millis`: how long a write waits for a database that is away. */
  constructor(pool: Pool, retry: RetrySettings, settings: ConnSettings, millis: number) {
    this.#millis = millis;
    this.#pool = pool;
    this.#retry = retry;
    this.#settings = settle(settings);
  }

  /** Runs `action` in a transaction until that is settled. Errors: those of `action`; unavailable, database. */
  async run<T>(action: (conn: WriteConn) => Promise<T>): Promise<Written<T>> {
    const end = performance.now() + this.#millis;
    const left = () => Math.max(0, end - performance.now());
    for (;;) {
      const done = await repeated(this.#retry, left(), () => this.#attempt(action));
      if (!(done.doubt instanceof InDoubt)) return done;
      const { mark } = done.doubt;
      if (await this.#settle(mark, left())) return done;
      if (left() === 0) throw tryLater("The database cannot be reached. Please try again later.");
    }
  }

  async #settle(mark: string, limitMillis: number): Promise<boolean> {
    try {
      return await repeated(this.#retry, limitMillis, () => this.#wasCommitted(mark));
    } catch (cause) {
      throw tryLater(
        "The database was lost while it stored the change. Look whether it is there before you try again.",
        cause,
      );
    }
  }

  async #attempt<T>(
    action: (conn: WriteConn) => Promise<T>,
  ): Promise<Written<T> & { doubt: InDoubt | null }> {
    return await this.#pool.use(async (session) => {
      const conn = new SessionConn(session, this.#settings, "transaction");
      let result: T;
      try {
        result = await action(conn);
      } catch (error) {
        await rollback(session);
        throw error;
      }
      const doubt = await this.#commit(session, conn.changed);
      return { result, emitted: conn.emitted, doubt };
    });
  }

  async #commit(session: Session, changed: boolean): Promise<InDoubt | null> {
    if (!changed) {
      await session.query("ROLLBACK");
      return null;
    }
    const mark = crypto.randomUUID();
    try {
      await session.query(COMMIT, [session.mark, mark]);
      session.mark = mark;
      if (++this.#commits % SWEEP_EVERY === 1) this.sweep();
      return null;
    } catch (error) {
      if (!(error instanceof MariadbFailure)) throw error;
      if (error.kind === "conflict") {
        await rollback(session);
        throw error;
      }
      // The transaction is over, whatever became of it; this session may not know.
      session.destroy();
      return new InDoubt(mark);
    }
  }

  /** Settles whether the change of that mark is committed. */
  async #wasCommitted(mark: string): Promise<boolean> {
    return await this.#pool.use(async (session) => {
      try {
        await session.run(VOID, [mark]);
        return false;
      } catch (error) {
        if (!(error instanceof MariadbFailure) || error.errno !== DUPLICATE) throw error;
      }
      // The void one may be our own, whose answer was lost, too.
      const [row] = await session.rows(IS_VOID, [mark]);
      return row !== undefined && Number(row.is_void) === 0;
    });
  }

  /** Removes marks that nobody will ask for. A failure is of no consequence: the next time does it. */
  sweep(): void {
    this.#pool.use((session) => session.run(OLD_MARKS)).catch(() => {});
  }
}
