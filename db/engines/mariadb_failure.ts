/** What an error of MariaDB, or of the way to it, means for the transaction that met it. */
import { GlanceError } from "../../src/errors.ts";
import { DUPLICATE } from "../dialects/mariadb.ts";

/**
 * `conflict`: another transaction was in the way, the same again may succeed. `away`: this server, or the connection
 * to it, cannot be used now. `statement`: the same again fails alike.
 */
type FailureKind = "conflict" | "away" | "statement";

/** The user, the password, the host or the database is not the server's: an operator must act, at the server or here. */
const REFUSALS: readonly number[] = [1044, 1045, 1049, 1130, 1698];

/** Whether the server does not let us in: to ask again at start would only cost time. */
export function isRefusal({ errno }: MariadbFailure): boolean {
  return REFUSALS.includes(errno);
}

/**
 * The server's numbers, never the driver's names: its table of names is MySQL's, and several numbers of MariaDB mean
 * something else there (https://mariadb.com/kb/en/mariadb-error-code-reference/).
 */
const KINDS: ReadonlyMap<number, FailureKind> = new Map(
  [
    [1213, "conflict"], // deadlock; of Galera also at COMMIT, where another node was first
    [1205, "conflict"], // lock wait timeout
    [1020, "conflict"], // the row has changed since the snapshot (innodb_snapshot_isolation)
    [DUPLICATE, "conflict"], // a row that was not there when it was looked for
    [1180, "away"], // error during COMMIT: the node has lost its cluster
    [1047, "away"], // the node is not part of a cluster
    [1040, "away"], // too many connections
    [1203, "away"], // too many connections of this user
    [1226, "away"], // a limit of this user
    [1053, "away"], // shutdown in progress
    [1927, "away"], // connection killed
    [1317, "away"], // query interrupted
    [1158, "away"], // the server could not read from, or write to, the connection: 1158 to 1161
    [1159, "away"],
    [1160, "away"],
    [1161, "away"],
    [1129, "away"], // host blocked after too many failed handshakes
    [1290, "away"], // read_only: a replica, or a master that is being exchanged
    [1792, "away"],
    [1836, "away"],
    [1021, "away"], // disk full
    [1969, "away"], // max_statement_time
    ...REFUSALS.map((errno): [number, FailureKind] => [errno, "away"]),
  ] as const,
);

/** An error of MariaDB. `errno` is the server's number; 0 when the connection failed. Holds no statement and no value. */
export class MariadbFailure extends Error {
  readonly kind: FailureKind;
  readonly errno: number;

  constructor(kind: FailureKind, errno: number, message: string) {
    super(message);
    this.name = "MariadbFailure";
    this.kind = kind;
    this.errno = errno;
  }
}

/** An error of the driver. Only its number and text are taken: it also carries the statement with all values. */
export function failureOf(error: unknown): MariadbFailure {
  if (error instanceof MariadbFailure) return error;
  const { errno, sqlState, sqlMessage, message } = error as Record<string, unknown>;
  // A system's errors have negative numbers, and the driver's own ones none.
  const isServers = typeof errno === "number" && errno > 0 &&
    (sqlState !== undefined || sqlMessage !== undefined);
  const text = String(sqlMessage ?? message ?? error);
  if (!isServers) return new MariadbFailure("away", 0, text);
  return new MariadbFailure(KINDS.get(errno) ?? "statement", errno, text);
}

/** What passes by itself: the client may come back in a second. */
export function tryLater(text: string, cause?: unknown): GlanceError {
  return new GlanceError("unavailable", text, { cause, headers: { "retry-after": "1" } });
}

/** A value that its column cannot hold: out of range, a character that is not in its set, too long. */
const UNFIT: ReadonlySet<number> = new Set([1264, 1366, 1406]);

/** For the caller of a read or a write. The text of the failure is for the log alone. */
export function glanceErrorOf(failure: MariadbFailure): GlanceError {
  const { kind, errno, message } = failure;
  switch (errno === DUPLICATE ? "statement" : kind) {
    case "conflict":
      return tryLater("The database is busy. Please try again later.", failure);
    case "away":
      return tryLater("The database cannot be reached. Please try again later.", failure);
    case "statement": {
      const column = UNFIT.has(errno)
        ? /for column (?:`[^`]*`\.`[^`]*`\.)?[`']([^`']+)[`']/.exec(message)?.[1]
        : undefined;
      if (column !== undefined) {
        const text =
          `The value of '${column}' is too long for the database, or has a character or number it cannot hold.`;
        return new GlanceError("bad_request", text, { cause: failure });
      }
      return new GlanceError("database", `The database failed: ${message} (${errno})`, { cause: failure });
    }
  }
}
