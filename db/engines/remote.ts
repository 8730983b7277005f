/** A database on a libSQL server, over HTTP. */
import { type Client, createClient, type ResultSet, type Transaction } from "@libsql/client/web";
import { GlanceError } from "../../src/errors.ts";
import { risingClock } from "../clock.ts";
import type { Conn, Row, Value, WriteConn } from "../conn.ts";
import type { Connection } from "../connection.ts";
import { type Database, perform, readsOn, type WriteName, writesBy } from "../database.ts";
import { type ConnSettings, PLAIN, settle } from "../conn_settings.ts";
import { SQLITE } from "../dialects/sqlite.ts";
import { migrate, type Migrated } from "../migrations/migrate.ts";
import { requireSynced } from "../migrations/state.ts";
import { rowAs } from "../rows.ts";
import { whileBusy } from "./busy.ts";
import { engineCode, toGlanceError } from "./engine_error.ts";

type Remote = Extract<Connection, { kind: "remote" }>;
type Executor = Pick<Client | Transaction, "execute">;

const args = (params: readonly Value[]) =>
  params.map((value) => typeof value === "boolean" ? Number(value) : value);

/** Runs a call to the server; an error that is not an answer of its engine is a failure of the connection. */
async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof GlanceError || /^SQLITE_|^TRANSACTION_TIMEOUT$/.test(engineCode(error))) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new GlanceError("unavailable", `The database server cannot be used: ${text}`, { cause: error });
  }
}

/** The client gives a row its fields by index and by name; queries use the names. */
const rowsOf = ({ rows }: ResultSet) => rows.map((row) => rowAs<Row>(row));

function remoteConn(executor: Executor, settings: ConnSettings): WriteConn {
  const execute = (sql: string, params: readonly Value[]): Promise<ResultSet> =>
    reach(() => executor.execute({ sql, args: args(params) }));
  return {
    dialect: SQLITE,
    all: async (sql, params = []) => rowsOf(await execute(sql, params)),
    one: async (sql, params = []) => rowsOf(await execute(sql, params))[0],
    run: async (sql, params = []) => (await execute(sql, params)).rowsAffected,
    now,
    // The server runs one write transaction at a time.
    guard: null,
    emitted: false,
    ...settle(settings),
  };
}

const now = risingClock();

async function inTransaction<T>(
  client: Client,
  settings: ConnSettings,
  action: (conn: WriteConn) => Promise<T>,
): Promise<{ result: T; emitted: boolean }> {
  const transaction = await reach(() => client.transaction("write"));
  try {
    const conn = remoteConn(transaction, settings);
    const result = await action(conn);
    await reach(() => transaction.commit());
    return { result, emitted: conn.emitted };
  } finally {
    // Rolls back when it was not committed.
    transaction.close();
  }
}

function connect({ url, token }: Remote): Client {
  return createClient({ url, authToken: token });
}

/** Runs `action` on a connection of its own. */
export async function withRemote<T>(target: Remote, action: (conn: Conn) => Promise<T>): Promise<T> {
  const client = connect(target);
  try {
    return await action(remoteConn(client, PLAIN));
  } finally {
    client.close();
  }
}

/** Runs `action` in one write transaction of a remote database: for migrations. */
export async function changeRemote<T>(target: Remote, action: (conn: WriteConn) => Promise<T>): Promise<T> {
  const client = connect(target);
  try {
    return (await whileBusy(() => inTransaction(client, PLAIN, action))).result;
  } finally {
    client.close();
  }
}

/** Migrates a remote database. */
export function migrateRemote(target: Remote): Promise<Migrated> {
  return changeRemote(target, migrate);
}

/** Opens a remote database whose schema is up to date. Errors: database, unavailable. */
export async function openRemote(target: Remote, settings: ConnSettings = PLAIN): Promise<Database> {
  const client = connect(target);
  const conn = remoteConn(client, settings);
  try {
    await requireSynced(conn);
  } catch (error) {
    client.close();
    throw error;
  }
  const writes = remoteWrites(client, settings);
  return {
    read: readsOn(conn),
    write: writesBy(writes.send),
    onEvents: writes.onEvents,
    close: async () => {
      await writes.close();
      client.close();
    },
  };
}

/** One write after the other, each a transaction; the server would otherwise make them wait for one another. */
function remoteWrites(client: Client, settings: ConnSettings) {
  let listener: (() => void) | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const run = async (request: Parameters<typeof perform>[1]): Promise<unknown> => {
    try {
      const { result, emitted } = await whileBusy(() =>
        inTransaction(client, settings, (conn) => perform(conn, request))
      );
      if (emitted) listener?.();
      return result;
    } catch (error) {
      throw toGlanceError(error);
    }
  };
  return {
    onEvents(given: (() => void) | null): void {
      listener = given;
    },
    send(name: WriteName, input: unknown): Promise<unknown> {
      if (closed) return Promise.reject(new GlanceError("unavailable", "The database is closed."));
      const result = last.then(() => run({ name, input }));
      last = result.catch(() => {});
      return result;
    },
    async close(): Promise<void> {
      closed = true;
      await last;
    },
  };
}
