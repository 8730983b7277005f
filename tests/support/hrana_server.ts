/**
 * A libSQL server for tests, with the part that an HTTP client uses: `/v2/pipeline` of the public Hrana documents with
 * batons and a bearer token, on the SQLite inside Deno. A stream that finds the lock taken waits without stopping
 * the others; a transaction that others wait for is taken away after some time, as a libSQL server does.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

interface HranaValue {
  type: "null" | "integer" | "float" | "text";
  value?: string | number;
}
interface Statement {
  sql?: string;
  sql_id?: number;
  args?: HranaValue[];
  want_rows?: boolean;
}
interface Condition {
  type: "ok" | "error" | "not" | "and" | "or" | "is_autocommit";
  step?: number;
  cond?: Condition;
  conds?: Condition[];
}
interface Request {
  type: string;
  sql?: string;
  sql_id?: number;
  stmt?: Statement;
  batch?: { steps: { stmt: Statement; condition?: Condition | null }[] };
}
interface Stream {
  database: DatabaseSync;
  sqls: Map<number, string>;
  /** When its transaction began. */
  since: number;
  /** Its transaction was taken away, and its client does not know yet. */
  lost: boolean;
}

export interface HranaServer {
  url: string;
  /** Requests answered so far. */
  requests(): number;
  close(): Promise<void>;
}

const WAIT_MILLIS = 10_000;

/** A transaction may hold the lock so long while another stream waits for it. */
const HOLD_MILLIS = 500;

const TAKEN = { message: "Transaction timed-out", code: "TRANSACTION_TIMEOUT" };

function toSqlite({ type, value }: HranaValue): SQLInputValue {
  if (type === "null") return null;
  return type === "integer" ? BigInt(value!) : value!;
}

function fromSqlite(value: unknown): HranaValue {
  if (value === null) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  return typeof value === "number" ? { type: "float", value } : { type: "text", value: String(value) };
}

function failure(error: unknown): { message: string; code: string } {
  if (error === TAKEN) return TAKEN;
  const names: Record<number, string> = { 5: "SQLITE_BUSY", 19: "SQLITE_CONSTRAINT" };
  const number = ((error as { errcode?: number }).errcode ?? 1) & 255;
  return { message: (error as Error).message, code: names[number] ?? "SQLITE_UNKNOWN" };
}

async function whileLocked<T>(stream: Stream, all: ReadonlyMap<string, Stream>, action: () => T): Promise<T> {
  if (stream.lost) {
    stream.lost = false;
    throw TAKEN;
  }
  const { database } = stream;
  for (const end = performance.now() + WAIT_MILLIS;;) {
    const began = !database.isTransaction;
    try {
      const result = action();
      if (began && database.isTransaction) stream.since = performance.now();
      return result;
    } catch (error) {
      if (failure(error).code !== "SQLITE_BUSY" || performance.now() > end) throw error;
    }
    for (const other of all.values()) {
      if (!other.database.isTransaction || performance.now() - other.since < HOLD_MILLIS) continue;
      other.database.exec("ROLLBACK");
      other.lost = true;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function number(database: DatabaseSync, sql: string): bigint {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  return Object.values(statement.get()!)[0] as bigint;
}

function run(stream: Stream, { sql, sql_id, args = [] }: Statement) {
  const { database } = stream;
  const statement: StatementSync = database.prepare(sql ?? stream.sqls.get(sql_id!)!);
  statement.setReadBigInts(true);
  const before = number(database, "SELECT total_changes()");
  const found = statement.all(...args.map(toSqlite));
  const changed = number(database, "SELECT total_changes()") - before;
  return {
    // Without a row no client needs the names of the columns.
    cols: Object.keys(found[0] ?? {}).map((name) => ({ name, decltype: null })),
    rows: found.map((row) => Object.values(row).map(fromSqlite)),
    affected_row_count: Number(changed),
    last_insert_rowid: String(number(database, "SELECT last_insert_rowid()")),
  };
}

async function runBatch(
  stream: Stream,
  all: ReadonlyMap<string, Stream>,
  steps: NonNullable<Request["batch"]>["steps"],
) {
  const results: unknown[] = [];
  const errors: unknown[] = [];
  const holds = (condition: Condition): boolean => {
    const { type, step = 0, cond, conds = [] } = condition;
    if (type === "ok") return results[step] !== null;
    if (type === "error") return errors[step] !== null;
    if (type === "not") return !holds(cond!);
    if (type === "and") return conds.every(holds);
    return type === "or" ? conds.some(holds) : !stream.database.isTransaction;
  };
  for (const [index, { stmt, condition }] of steps.entries()) {
    [results[index], errors[index]] = [null, null];
    if (condition && !holds(condition)) continue;
    try {
      results[index] = await whileLocked(stream, all, () => run(stream, stmt));
    } catch (error) {
      errors[index] = failure(error);
    }
  }
  return { step_results: results, step_errors: errors };
}

async function respond(
  stream: Stream,
  all: ReadonlyMap<string, Stream>,
  request: Request,
): Promise<Record<string, unknown>> {
  const { type, sql, sql_id } = request;
  switch (type) {
    case "execute":
      return { type, result: await whileLocked(stream, all, () => run(stream, request.stmt!)) };
    case "batch":
      return { type, result: await runBatch(stream, all, request.batch!.steps) };
    case "sequence":
      await whileLocked(stream, all, () => stream.database.exec(sql ?? stream.sqls.get(sql_id!)!));
      return { type };
    case "store_sql":
      stream.sqls.set(sql_id!, sql!);
      return { type };
    case "close_sql":
      stream.sqls.delete(sql_id!);
      return { type };
    case "get_autocommit":
      return { type, is_autocommit: !stream.database.isTransaction };
    case "close":
      return { type };
  }
  throw new Error(`${type} is not a request that this server knows`);
}

/** Serves the database file at `path` on a free port of loopback. */
export function startHranaServer(path: string, token: string): HranaServer {
  const streams = new Map<string, Stream>();
  let count = 0;
  const open = (): Stream => {
    const database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 0");
    return { database, sqls: new Map(), since: 0, lost: false };
  };
  const pipeline = async (baton: string | null, requests: Request[]) => {
    const stream = baton === null ? open() : streams.get(baton);
    if (!stream) {
      return Response.json({ message: "The baton is invalid", code: "BATON_INVALID" }, { status: 400 });
    }
    if (baton !== null) streams.delete(baton);
    const results: unknown[] = [];
    for (const request of requests) {
      try {
        results.push({ type: "ok", response: await respond(stream, streams, request) });
      } catch (error) {
        results.push({ type: "error", error: failure(error) });
      }
    }
    const next = requests.some(({ type }) => type === "close") ? null : crypto.randomUUID();
    if (next === null) stream.database.close();
    else streams.set(next, stream);
    return Response.json({ baton: next, base_url: null, results });
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    count++;
    if (request.headers.get("authorization") !== `Bearer ${token}`) {
      await request.body?.cancel();
      return Response.json({ error: "Unauthorized" }, { status: 401 });
    }
    const { pathname } = new URL(request.url);
    if (pathname === "/v2") return new Response("Hrana");
    if (pathname !== "/v2/pipeline") return new Response("", { status: 404 });
    const { baton = null, requests } = await request.json();
    return await pipeline(baton, requests);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests: () => count,
    close: async () => {
      await server.shutdown();
      for (const { database } of streams.values()) database.close();
    },
  };
}
