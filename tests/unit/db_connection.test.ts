import assert from "node:assert/strict";
import { type Connection, parseConnection } from "../../db/connection.ts";
import type { MariadbTarget } from "../../db/connection_mariadb.ts";
import { formatTimestamp, risingClock } from "../../db/clock.ts";
import { isError } from "../../src/errors.ts";
import { mountedAt } from "../../src/util/mounts.ts";

const GOOD: [string, Connection][] = [
  ["sqlite:////var/lib/glance/glance.sqlite", { kind: "file", path: "/var/lib/glance/glance.sqlite" }],
  ["sqlite:///data/g.db", { kind: "file", path: "data/g.db" }],
  ["sqlite+pysqlite:////a/b.db?timeout=5", { kind: "file", path: "/a/b.db" }],
  ["file:/a%20b/c.db", { kind: "file", path: "/a b/c.db" }],
  ["file:///a/c.db", { kind: "file", path: "/a/c.db" }],
  ["file:c.db", { kind: "file", path: "c.db" }],
  ["libsql://db.example?authToken=s%3Dx", { kind: "remote", url: "https://db.example", token: "s=x" }],
  ["libsql://127.0.0.1:8080?tls=0", { kind: "remote", url: "http://127.0.0.1:8080", token: undefined }],
  ["http://127.0.0.1:8080/", { kind: "remote", url: "http://127.0.0.1:8080", token: undefined }],
  ["https://h/base", { kind: "remote", url: "https://h/base", token: undefined }],
];

Deno.test("connections that are understood", () => {
  for (const [text, expected] of GOOD) assert.deepEqual(parseConnection(text), expected, text);
});

Deno.test("connections that are refused, without repeating what may be secret", () => {
  const bad = [
    "mysql+pymysql://glance:geheim@db",
    "mysql+pymysql://glance:geheim%E0@db/glance",
    "mysql://glance:geheim@db:0/glance",
    "mysql://glance:geheim@db:geheim/glance",
    "mysql://glance:geheim@db/glance?connect_timeout=geheim",
    "mysql://glance:geheim@db/glance?ssl_verify_cert=geheim",
    "mysql://glance:geheim@db/glance?ssl_mode=geheim",
    "mysql://glance:geheim@db/glance?ssl_cert=/geheim.pem",
    "postgresql://glance:geheim@db/glance",
    "oracle://glance:geheim@db",
    "sqlite://",
    "sqlite:///:memory:",
    "sqlite://relative.db",
    "file:%E0%A4%A",
    "libsql://?authToken=geheim",
    "/just/a/path",
    "",
  ];
  for (const text of bad) {
    assert.throws(
      () => parseConnection(text),
      (error) =>
        isError(error, "config") && error.message.includes("[database] connection") &&
        !/geheim/.test(error.message),
      text,
    );
  }
  assert.throws(
    () => parseConnection("postgresql://x/y"),
    /postgresql databases are not supported.*sqlite:\/\/\/\//,
  );
});

const MARIADB: MariadbTarget = {
  kind: "mariadb",
  host: "db",
  port: 3306,
  socketPath: null,
  user: "glance",
  password: "geheim",
  database: "glance",
  tls: null,
  connectSeconds: 10,
  readSeconds: null,
  initCommand: null,
  sqlMode: null,
};
const TLS = { ca: null, cert: null, key: null, verify: false, verifyHost: false };

/** The query of a URL, and what it says of TLS. */
const TLS_FORMS: [string, MariadbTarget["tls"]][] = [
  ["", null],
  ["?charset=utf8", null],
  ["?ssl=true", TLS],
  ["?ssl_mode=REQUIRED", TLS],
  ["?ssl_ca=/ca.pem", { ...TLS, ca: "/ca.pem", verify: true, verifyHost: true }],
  ["?ssl_ca=/ca.pem&ssl_check_hostname=false", { ...TLS, ca: "/ca.pem", verify: true }],
  ["?ssl_ca=/ca.pem&ssl_verify_identity=0", { ...TLS, ca: "/ca.pem", verify: true }],
  ["?ssl_ca=/ca.pem&ssl_mode=VERIFY_CA", { ...TLS, ca: "/ca.pem", verify: true }],
  ["?ssl_ca=/ca.pem&ssl_verify_cert=false", { ...TLS, ca: "/ca.pem" }],
  ["?ssl_verify_cert=true", { ...TLS, verify: true, verifyHost: true }],
  ["?ssl_mode=VERIFY_IDENTITY", { ...TLS, verify: true, verifyHost: true }],
  ["?ssl_ca=/ca.pem&ssl_disabled=true", null],
  ["?ssl_ca=/ca.pem&ssl_mode=DISABLED", null],
  ["?ssl_cert=/c.pem&ssl_key=/k.pem", { ...TLS, cert: "/c.pem", key: "/k.pem" }],
];

Deno.test("the forms of a MariaDB URL", () => {
  const forms: [string, Partial<MariadbTarget>][] = [
    ["mysql+pymysql://glance:geheim@db/glance", {}],
    ["mysql+pymysql://glance:geheim@db/glance?charset=utf8", {}],
    ["mysql://glance:geheim@db:3307/glance", { port: 3307 }],
    ["mariadb://glance:geheim@db/glance", {}],
    ["mariadb+pymysql://glance:geheim@db/glance", {}],
    ["mysql+mysqldb://glance:geheim@db/glance", {}],
    ["mysql+pymysql://glance:p%40ss%2Fw%3Ford%25@db/glance", { password: "p@ss/w?ord%" }],
    ["mysql+pymysql://glance:a+b:c@db/glance", { password: "a+b:c" }],
    ["mysql+pymysql://glance@db/glance", { password: "" }],
    ["mysql+pymysql://glance:geheim@[fd00::1]:3307/glance", { host: "fd00::1", port: 3307 }],
    ["mysql+pymysql://glance:geheim@[::1]/glance", { host: "::1" }],
    ["mysql+pymysql://glance:geheim@/glance?unix_socket=/run/my%20sql.sock", {
      host: "localhost",
      socketPath: "/run/my sql.sock",
    }],
    ["mysql://glance:geheim@db/glance?connect_timeout=5&read_timeout=30", {
      connectSeconds: 5,
      readSeconds: 30,
    }],
    ["mysql://glance:geheim@db/glance?sql_mode=STRICT_ALL_TABLES&init_command=SET+%40a%3D1", {
      sqlMode: "STRICT_ALL_TABLES",
      initCommand: "SET @a=1",
    }],
    ...TLS_FORMS.map(([query, tls]): [string, Partial<MariadbTarget>] => [
      `mysql+pymysql://glance:geheim@db/glance${query}`,
      { tls },
    ]),
  ];
  for (const [text, parts] of forms) assert.deepEqual(parseConnection(text), { ...MARIADB, ...parts }, text);
});

Deno.test("parameters of a MariaDB URL that cannot be honoured are refused by name", () => {
  for (const name of ["read_default_file", "read_default_group", "ssl_capath", "plugin", "param_file"]) {
    assert.throws(
      () => parseConnection(`mysql+pymysql://glance:geheim@db/glance?charset=utf8&${name}=geheim`),
      (error) =>
        isError(error, "config") && error.message.includes(`${name} of the URL`) &&
        !error.message.includes("geheim"),
      name,
    );
  }
});

Deno.test("the file system of a path is that of its nearest mount", () => {
  const mounts = [
    "/dev/sda1 / ext4 rw 0 0",
    "srv:/x /mnt nfs4 rw 0 0",
    "/dev/sdb /mnt/my\\040disk xfs rw 0 0",
    "tmpfs /mnt/over tmpfs rw 0 0",
    "u@h:/ /mnt/over fuse.sshfs rw 0 0",
  ].join("\n");
  assert.equal(mountedAt("/var/lib", mounts)?.type, "ext4");
  assert.equal(mountedAt("/mnt/a", mounts)?.type, "nfs4");
  assert.equal(mountedAt("/mnt", mounts)?.type, "nfs4");
  assert.equal(mountedAt("/mntx", mounts)?.type, "ext4");
  assert.equal(mountedAt("/mnt/my disk/g", mounts)?.type, "xfs");
  assert.equal(mountedAt("/mnt/over/g", mounts)?.type, "fuse.sshfs");
  assert.equal(mountedAt("/a", ""), null);
});

Deno.test("times have microseconds and never stand still", () => {
  assert.equal(formatTimestamp(Date.UTC(2024, 1, 29, 1, 2, 3, 4) * 1000 + 5), "2024-02-29 01:02:03.004005");
  let millis = Date.UTC(2024, 0, 1);
  const now = risingClock(() => millis);
  const times = [now(), now(), (millis += 5, now()), (millis -= 1000, now())];
  assert.deepEqual(times, [
    "2024-01-01 00:00:00.000000",
    "2024-01-01 00:00:00.000001",
    "2024-01-01 00:00:00.005000",
    "2024-01-01 00:00:00.005001",
  ]);
});
