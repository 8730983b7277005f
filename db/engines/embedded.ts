/** One connection to a database file by the embedded libSQL engine. */
import Database from "libsql";
import { fail } from "../../src/errors.ts";
import { risingClock } from "../clock.ts";
import type { Row, Value, WriteConn } from "../conn.ts";
import { type ConnSettings, PLAIN, settle } from "../conn_settings.ts";
import { SQLITE } from "../dialects/sqlite.ts";
import { damageOf } from "./engine_error.ts";

type Bound = string | number | bigint | null;
interface Statement {
  all(params: Bound[]): Row[];
  get(params: Bound[]): Row | undefined;
  run(params: Bound[]): { changes: number };
}

/** Statements kept ready; a list request has a text of its own for each combination of filters and order. */
const MAX_STATEMENTS = 256;

/**
 * The engine ends the whole process when a boolean is bound or a closed handle is used, and binds numbers as
 * floats: all of its use goes through here.
 */
export class EmbeddedConn implements WriteConn {
  readonly dialect = SQLITE;
  readonly now = risingClock();
  /** The writer is alone. */
  readonly guard = null;
  readonly wants: WriteConn["wants"];
  readonly seal: WriteConn["seal"];
  readonly unseal: WriteConn["unseal"];
  emitted = false;
  readonly #statements = new Map<string, Statement>();
  readonly #path: string;
  #database: Database.Database | null;

  /** Opens or creates the file. `busyMillis`: how long a statement waits for another's lock. */
  constructor(path: string, busyMillis: number, settings: ConnSettings = PLAIN) {
    ({ wants: this.wants, seal: this.seal, unseal: this.unseal } = settle(settings));
    this.#path = path;
    try {
      this.#database = new Database(path);
    } catch (error) {
      fail("database", `The database ${path} cannot be opened: ${(error as Error).message}`, {
        cause: error,
      });
    }
    this.exec(`PRAGMA busy_timeout = ${busyMillis}`);
  }

  get inTransaction(): boolean {
    return this.#open().inTransaction;
  }

  all(sql: string, params: readonly Value[] = []): Row[] {
    return this.#tell(() => this.#statement(sql).all(params.map(bindable)));
  }

  one(sql: string, params: readonly Value[] = []): Row | undefined {
    return this.#tell(() => this.#statement(sql).get(params.map(bindable)));
  }

  run(sql: string, params: readonly Value[] = []): number {
    return this.#tell(() => this.#statement(sql).run(params.map(bindable)).changes);
  }

  /** Runs statements without values that are not worth keeping. */
  exec(sql: string): void {
    this.#tell(() => this.#open().exec(sql));
  }

  /** Ends the connection; used afterwards, it throws instead of reaching the engine. */
  close(): void {
    const database = this.#database;
    this.#database = null;
    this.#statements.clear();
    database?.close();
  }

  #open(): Database.Database {
    return this.#database ?? fail("unavailable", "The database is closed.");
  }

  /** Names the file, and what to do, where the engine says only that it is damaged. */
  #tell<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw damageOf(this.#path, error) ?? error;
    }
  }

  #statement(sql: string): Statement {
    const database = this.#open();
    let statement = this.#statements.get(sql);
    if (statement) {
      this.#statements.delete(sql);
    } else {
      statement = database.prepare(sql) as unknown as Statement;
      const oldest = this.#statements.keys().next();
      if (this.#statements.size >= MAX_STATEMENTS && !oldest.done) this.#statements.delete(oldest.value);
    }
    this.#statements.set(sql, statement);
    return statement;
  }
}

function bindable(value: Value): Bound {
  if (typeof value === "boolean") return value ? 1n : 0n;
  return Number.isSafeInteger(value) ? BigInt(value as number) : value as string | number | null;
}
