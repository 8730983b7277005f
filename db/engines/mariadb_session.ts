/** One connection to MariaDB, set up and watched. */
import type { Connection, default as Mysql, ResultSetHeader } from "mysql2";
import { isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { Row, Value } from "../conn.ts";
import type { MariadbTarget, MariadbTls } from "../connection_mariadb.ts";
import { isForeignText, SESSION } from "../dialects/mariadb.ts";
import { fail } from "../../src/errors.ts";
import { failureOf, MariadbFailure } from "./mariadb_failure.ts";

/** What `[database]` says about each connection. */
export interface SessionSettings {
  /** `mysql_sql_mode`; empty: the server's. */
  sqlMode: string;
  /** `mysql_wsrep_sync_wait`; null: the server's. */
  wsrepSyncWait: number | null;
  /** Sees each statement before it is sent; null: nobody does. */
  trace: ((sql: string) => void) | null;
}

/** Rows of a query, or what a change did. */
type Result = Row[] | ResultSetHeader;

/** How long the server may wait for a lock: a transaction that is stuck must not hold the others for long. */
const LOCK_WAIT_SECONDS = 10;
/** How long an answer may take, unless the URL says otherwise: longer than any lock is waited for. */
const ANSWER_SECONDS = 60;

/** The driver is loaded when a MariaDB is opened: every other start of the program does without it. */
async function loadDriver(): Promise<typeof Mysql> {
  return (await import("mysql2")).default;
}

/** A session of the server. One statement at a time. */
export class Session {
  readonly openedAt = performance.now();
  /** The mark of the last commit, which the next one removes. */
  mark = "";
  readonly #connection: Connection;
  readonly #answerMillis: number;
  readonly #escape: (text: string) => string;
  #trace: SessionSettings["trace"] = null;
  /** The statement that is with the server. */
  #pending: { since: number; reject(failure: MariadbFailure): void } | null = null;
  #broken = false;

  private constructor(connection: Connection, answerMillis: number, escape: (text: string) => string) {
    this.#connection = connection;
    this.#answerMillis = answerMillis;
    this.#escape = escape;
    // Also of an idle connection: without a listener, the process would end.
    connection.on("error", (error: unknown) => this.#lose(failureOf(error)));
    connection.on("end", () => this.#lose(new MariadbFailure("away", 0, "The server ended the connection.")));
  }

  /** Connects and sets the session up. Errors: MariadbFailure; config, for certificates that cannot be read. */
  static async open(target: MariadbTarget, settings: SessionSettings): Promise<Session> {
    const tls = target.tls && tlsOptions(target.host, target.tls);
    const driver = await loadDriver();
    const connection = driver.createConnection({
      ...(target.socketPath ? { socketPath: target.socketPath } : { host: target.host, port: target.port }),
      user: target.user,
      password: target.password,
      database: target.database,
      connectTimeout: target.connectSeconds * 1000,
      ssl: tls ? {} : undefined,
      charset: "UTF8MB4_GENERAL_CI",
      // A change counts the rows that it found, also those that had the value already. No file is ever sent.
      flags: ["FOUND_ROWS", "-LOCAL_FILES", "-IGNORE_SPACE"],
      dateStrings: true,
      jsonStrings: true,
      supportBigNumbers: true,
      decimalNumbers: true,
      timezone: "Z",
      trace: false,
    });
    if (tls) overTls(connection as unknown as Upgradable, tls);
    const session = new Session(connection, (target.readSeconds ?? ANSWER_SECONDS) * 1000, driver.escape);
    // The driver's own limit ends with the handshake.
    const limit = setTimeout(() => session.destroy(), 2000 * target.connectSeconds);
    try {
      const mode = target.sqlMode ?? settings.sqlMode;
      await session.query(setup(mode, settings), mode === "" ? [] : [mode]);
      if (target.initCommand) await session.query(target.initCommand);
    } catch (error) {
      session.destroy();
      throw error;
    } finally {
      clearTimeout(limit);
    }
    session.#trace = settings.trace;
    return session;
  }

  /** Whether it can no longer be used. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Runs a statement; its values are put into the text. Errors: MariadbFailure. */
  query(sql: string, params: readonly Value[] = []): Promise<Result> {
    if (this.#broken) return Promise.reject(new MariadbFailure("away", 0, "The connection is closed."));
    this.#trace?.(sql);
    const text = filledIn(sql, params, this.#escape);
    return new Promise((resolve, reject) => {
      this.#pending = { since: performance.now(), reject };
      this.#connection.query(text, (error: unknown, result: unknown) => {
        this.#pending = null;
        if (error) {
          const failure = failureOf(error);
          if (failure.errno === 0) this.#lose(failure);
          reject(failure);
        } else resolve(result as Result);
      });
    });
  }

  async rows(sql: string, params?: readonly Value[]): Promise<Row[]> {
    try {
      return (await this.query(sql, params)) as Row[];
    } catch (error) {
      if (isForeignText(error, params)) return [];
      throw error;
    }
  }

  /** How many rows a change found. */
  async run(sql: string, params?: readonly Value[]): Promise<number> {
    return ((await this.query(sql, params)) as ResultSetHeader).affectedRows ?? 0;
  }

  /** Gives up on an answer that takes too long: the server hangs, or the way to it has gone silently. */
  checkAnswer(): void {
    if (this.#pending && performance.now() - this.#pending.since > this.#answerMillis) {
      this.#lose(new MariadbFailure("away", 0, "The server did not answer in time."));
    }
  }

  /** Ends the connection at once; the server rolls back what was not committed. */
  destroy(): void {
    this.#lose(new MariadbFailure("away", 0, "The connection is closed."));
  }

  /** Says goodbye first, so that the server does not log an aborted connection. */
  end(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#connection.end(() => {});
  }

  #lose(failure: MariadbFailure): void {
    if (!this.#broken) {
      this.#broken = true;
      this.#connection.destroy();
    }
    const pending = this.#pending;
    this.#pending = null;
    pending?.reject(failure);
  }
}

/**
 * The statement with its values as literals. Nothing but these four types is taken: of anything else the driver
 * would make SQL of its own. No statement of ours has a question mark that is no placeholder.
 */
function filledIn(sql: string, params: readonly Value[], escape: (text: string) => string): string {
  const parts = sql.split("?");
  if (parts.length !== params.length + 1) fail("internal", "A statement and its values do not fit.");
  let text = parts[0]!;
  for (let at = 0; at < params.length; at++) text += literal(params[at]!, escape) + parts[at + 1];
  return text;
}

function literal(value: Value, escape: (text: string) => string): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return escape(value);
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  fail("internal", "A write got a value that is not data.");
}

/** One statement that sets everything; its value is the mode. Text is compared and kept as the tables say. */
function setup(mode: string, { wsrepSyncWait }: SessionSettings): string {
  const settings = [
    // With that mode, a value could break out of its quotes.
    `sql_mode = REPLACE(${mode === "" ? "@@GLOBAL.sql_mode" : "?"}, 'NO_BACKSLASH_ESCAPES', '')`,
    "time_zone = '+00:00'",
    "tx_isolation = 'READ-COMMITTED'",
    ...Object.entries(SESSION).map(([name, value]) => `${name} = ${value}`),
    `innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}`,
  ];
  if (wsrepSyncWait !== null) settings.push(`wsrep_sync_wait = ${wsrepSyncWait}`);
  return `SET SESSION ${settings.join(", ")}`;
}

/** What the driver needs of itself to go over to TLS. Its types leave it out. */
interface Upgradable {
  stream: Socket;
  packetParser: { execute(data: Uint8Array): void };
  startTLS(onSecure: (error?: Error) => void): void;
  _handleNetworkError(error: Error): void;
}

/** How TLS is begun. Errors: config, for certificates that cannot be used; so it is made before the connection. */
function tlsOptions(host: string, { ca, cert, key, verify, verifyHost }: MariadbTls): ConnectionOptions {
  if (cert !== null && !sendsCertificates()) {
    fail(
      "config",
      `[database] connection: Deno ${Deno.version.deno} sends no client certificate (ssl_cert) to a database. Use a ` +
        "oneglance that runs on Deno 2.9 or later.",
    );
  }
  return {
    ca: ca === null ? undefined : fileText("ssl_ca", ca),
    cert: cert === null ? undefined : fileText("ssl_cert", cert),
    key: key === null ? undefined : fileText("ssl_key", key),
    host,
    ...(isIP(host) ? {} : { servername: host }),
    rejectUnauthorized: verify,
    ...(verifyHost ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** Older runtimes leave it out without an error, and the server then says that the password is wrong. */
function sendsCertificates(): boolean {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}

/**
 * Goes over to TLS in the driver's place, which takes a server that is named by its address for `localhost`, and
 * would so refuse the right certificate and accept a wrong one.
 */
function overTls(connection: Upgradable, options: ConnectionOptions): void {
  connection.startTLS = (onSecure) => {
    connection.stream.removeAllListeners("data");
    let isSecure = false;
    const secured = connectTls({ ...options, socket: connection.stream }, () => {
      isSecure = true;
      onSecure();
    });
    secured.on("error", (error) => isSecure ? connection._handleNetworkError(error) : onSecure(error));
    secured.on("data", (data) => connection.packetParser.execute(data as Uint8Array));
    connection.stream = secured;
  };
}

function fileText(name: string, path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    fail("config", `[database] connection: ${name} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
