import assert from "node:assert/strict";
import { type Connection, parseConnection } from "../../db/connection.ts";
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
    "mysql+pymysql://glance:geheim@db/glance",
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
    () => parseConnection("mysql+pymysql://x/y"),
    /mysql databases are not supported.*sqlite:\/\/\/\//,
  );
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
