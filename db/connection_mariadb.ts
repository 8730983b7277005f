/** A MariaDB URL as deployments write it for SQLAlchemy, and what its parameters mean (docs/reference/configuration.md §5). */
import { fail } from "../src/errors.ts";

/** Certificates are names of files. */
export interface MariadbTls {
  ca: string | null;
  cert: string | null;
  key: string | null;
  /** Whether the server's certificate must come from a known authority. */
  verify: boolean;
  /** Whether it must also name the host. */
  verifyHost: boolean;
}

/** A MariaDB server. `password` and `initCommand` may be secrets. */
export interface MariadbTarget {
  kind: "mariadb";
  host: string;
  port: number;
  /** A socket's path, used in place of host and port. */
  socketPath: string | null;
  user: string;
  password: string;
  database: string;
  /** Null: the connection is not encrypted. */
  tls: MariadbTls | null;
  connectSeconds: number;
  /** How long an answer may take; null = the engine's own limit. */
  readSeconds: number | null;
  initCommand: string | null;
  sqlMode: string | null;
}

const FORM = "mysql+pymysql://USER:PASSWORD@HOST:PORT/DATABASE";

/** SQLAlchemy's own pattern, so that what it reads is read alike: a password may hold anything but `@`. */
const URL_FORM = new RegExp(
  "^[\\w+]+://" +
    "(?:(?<user>[^:/]*)(?::(?<password>[^@]*))?@)?" +
    "(?:(?:\\[(?<six>[^/?]+)\\]|(?<host>[^/:?]+))?(?::(?<port>[^/?]*))?)?" +
    "(?:/(?<database>[^?]*))?" +
    "(?:\\?(?<query>.*))?$",
);

/** Parameters that have no meaning here, and change nothing that a caller sees: text always travels as utf8mb4. */
const WITHOUT_EFFECT = new Set([
  "charset",
  "use_unicode",
  "binary_prefix",
  "local_infile",
  "autocommit",
  "program_name",
  "compress",
  "ssl_cipher",
  "auth_plugin",
  "write_timeout",
  "client_flag",
]);

/** What to do about a parameter that would be dangerous to leave out. */
const REFUSED: Record<string, string> = {
  read_default_file:
    "oneglance reads no MySQL option file; write host, user, password and ssl_* into the URL.",
  read_default_group:
    "oneglance reads no MySQL option file; write host, user, password and ssl_* into the URL.",
  ssl_capath: "name one file of certificates with ssl_ca.",
  ssl_key_password: "use a key without a passphrase, readable by the service's user alone.",
};

/** Reads a URL of MariaDB. Errors: config, naming the part that is wrong and never its value. */
export function parseMariadb(connection: string): MariadbTarget {
  const parts = URL_FORM.exec(connection)?.groups;
  if (!parts) wrong(`is not of the form ${FORM}; percent-encode the @ of a password.`);
  const database = decoded(parts.database ?? "", "database");
  if (database === "") wrong("the URL names no database.");
  const query = new Map(new URLSearchParams(parts.query ?? ""));
  const target: MariadbTarget = {
    kind: "mariadb",
    host: parts.six ?? decoded(parts.host ?? "localhost", "host"),
    port: portOf(parts.port),
    socketPath: query.get("unix_socket") || null,
    user: decoded(parts.user ?? "", "user"),
    password: decoded(parts.password ?? "", "password"),
    database,
    tls: tlsOf(query),
    connectSeconds: seconds(query, "connect_timeout") ?? 10,
    readSeconds: seconds(query, "read_timeout"),
    initCommand: query.get("init_command") || null,
    sqlMode: query.get("sql_mode") ?? null,
  };
  refuseUnknown(query);
  return target;
}

function wrong(text: string): never {
  fail("config", `[database] connection: ${text}`);
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    wrong(`the ${what} of the URL is not validly percent-encoded.`);
  }
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === "") return 3306;
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) wrong("the port of the URL is not a number from 1 to 65535.");
  return port;
}

function seconds(query: ReadonlyMap<string, string>, name: string): number | null {
  const text = query.get(name);
  if (text === undefined) return null;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) wrong(`${name} of the URL is not a number of seconds.`);
  return value;
}

/** As `sqlalchemy.util.asbool`. */
function flag(query: ReadonlyMap<string, string>, name: string): boolean | null {
  const text = query.get(name)?.trim().toLowerCase();
  if (text === undefined) return null;
  if (["true", "yes", "on", "y", "t", "1"].includes(text)) return true;
  if (["false", "no", "off", "n", "f", "0"].includes(text)) return false;
  wrong(`${name} of the URL is neither true nor false.`);
}

/** The modes of MySQL's clients: what each asks of the server's certificate. */
const MODES: Record<string, Pick<MariadbTls, "verify" | "verifyHost">> = {
  REQUIRED: { verify: false, verifyHost: false },
  VERIFY_CA: { verify: true, verifyHost: false },
  VERIFY_IDENTITY: { verify: true, verifyHost: true },
};

const TLS_NAMES = [
  "ssl",
  "ssl_mode",
  "ssl_disabled",
  "ssl_ca",
  "ssl_cert",
  "ssl_key",
  "ssl_verify_cert",
  "ssl_verify_identity",
  "ssl_check_hostname",
];

/**
 * PyMySQL's meanings: any ssl_* asks for TLS; with an authority's file the certificate and its host are verified
 * unless a parameter says otherwise, without one they are not.
 */
function tlsOf(query: ReadonlyMap<string, string>): MariadbTls | null {
  const mode = query.get("ssl_mode")?.toUpperCase();
  if (mode !== undefined && !["DISABLED", "PREFERRED", ...Object.keys(MODES)].includes(mode)) {
    wrong("ssl_mode of the URL is none of DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY.");
  }
  const [wanted, disabled] = [flag(query, "ssl"), flag(query, "ssl_disabled")];
  const asks = [...query.keys()].some((name) => /^ssl_(ca|cert|key|verify_|check_|cipher)/.test(name));
  const inMode = MODES[mode ?? ""];
  if (disabled || mode === "DISABLED" || wanted === false) return null;
  if (!asks && !wanted && !inMode) return null;
  const ca = query.get("ssl_ca") || null;
  const cert = query.get("ssl_cert") || null;
  const key = query.get("ssl_key") || null;
  if ((cert === null) !== (key === null)) {
    wrong("ssl_cert and ssl_key of the URL go together; one is missing.");
  }
  const verify = flag(query, "ssl_verify_cert") ?? inMode?.verify ?? ca !== null;
  const named = flag(query, "ssl_verify_identity") ?? flag(query, "ssl_check_hostname") ?? inMode?.verifyHost;
  return { ca, cert, key, verify, verifyHost: verify && (named ?? true) };
}

const KNOWN = new Set([
  ...TLS_NAMES,
  ...WITHOUT_EFFECT,
  "unix_socket",
  "connect_timeout",
  "read_timeout",
  "init_command",
  "sql_mode",
]);

function refuseUnknown(query: ReadonlyMap<string, string>): void {
  for (const name of query.keys()) {
    if (KNOWN.has(name)) continue;
    const shown = /^\w{1,40}$/.test(name) ? name : "a parameter";
    wrong(`${shown} of the URL is not supported: ${REFUSED[name] ?? "leave it out."}`);
  }
}
