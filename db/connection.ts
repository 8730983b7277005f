/** `[database] connection` (docs/reference/configuration.md): which kind of database, and where. */
import { fail } from "../src/errors.ts";
import { type MariadbTarget, parseMariadb } from "./connection_mariadb.ts";

/** A database file, a libSQL server, or MariaDB. `token` is a secret. */
export type Connection =
  | { kind: "file"; path: string }
  | { kind: "remote"; url: string; token?: string }
  | MariadbTarget;

const KNOWN = "mysql+pymysql://user:password@host/glance, sqlite:////path/to/glance.sqlite, " +
  "file:/path/to/glance.sqlite, libsql://host, http(s)://host";

/**
 * Reads a connection text. Errors: config, for `postgresql`, anything unknown, and a database in memory, which
 * processes could not share. The message never repeats the text: it may hold a password.
 */
export function parseConnection(connection: string): Connection {
  if (isMariadb(connection)) return parseMariadb(connection);
  const scheme = schemeOf(connection);
  switch (scheme) {
    case "sqlite":
      return file(sqlitePath(connection));
    case "file":
      return file(filePath(connection));
    case "libsql":
    case "http":
    case "https":
    case "ws":
    case "wss":
      return remote(connection, scheme);
    case undefined:
      fail("config", `[database] connection is not a database URL. What works: ${KNOWN}.`);
      break;
    default:
      fail(
        "config",
        `[database] connection: ${scheme} databases are not supported. What works: ${KNOWN}. ` +
          "An existing glance database in SQLite can be used as it is.",
      );
  }
}

/** The scheme, without the Python driver behind the plus. */
function schemeOf(connection: string): string | undefined {
  return /^([a-z][a-z0-9]*)(?:\+\w+)?:/i.exec(connection)?.[1]?.toLowerCase();
}

/** Whether the text is the URL of a MariaDB, right or wrong. */
export function isMariadb(connection: string): boolean {
  return ["mysql", "mariadb"].includes(schemeOf(connection) ?? "");
}

function file(path: string): Connection {
  if (path === "" || path.includes(":memory:")) {
    fail("config", "[database] connection: a database in memory cannot be shared; name a file.");
  }
  return { kind: "file", path };
}

/** SQLAlchemy's form: three slashes and a relative path, or four for an absolute one. */
function sqlitePath(connection: string): string {
  const rest = connection.slice(connection.indexOf(":") + 1).replace(/[?#].*$/, "");
  if (rest === "" || rest === "//" || rest === "///") return "";
  if (!rest.startsWith("///")) {
    fail("config", "[database] connection: write sqlite:////absolute/path or sqlite:///relative/path.");
  }
  return rest.slice(3);
}

/** `file:/absolute`, `file:///absolute`, `file:relative`. */
function filePath(connection: string): string {
  const rest = connection.slice("file:".length).replace(/[?#].*$/, "").replace(/^\/\/(localhost)?(?=\/)/, "");
  try {
    return decodeURIComponent(rest);
  } catch {
    fail("config", "[database] connection: the path of the file: URL is not validly percent-encoded.");
  }
}

function remote(connection: string, scheme: string): Connection {
  const url = URL.canParse(connection) ? new URL(connection) : undefined;
  if (!url || url.hostname === "") fail("config", `[database] connection: the ${scheme} URL names no host.`);
  const token = url.searchParams.get("authToken") ?? undefined;
  const plain = scheme === "http" || scheme === "ws" || url.searchParams.get("tls") === "0";
  const path = url.pathname === "/" ? "" : url.pathname;
  return { kind: "remote", url: `${plain ? "http" : "https"}://${url.host}${path}`, token };
}
