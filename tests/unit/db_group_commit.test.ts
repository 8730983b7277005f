import assert from "node:assert/strict";
import { EmbeddedConn } from "../../db/engines/embedded.ts";
import { commitGroup, type GroupConn } from "../../db/engines/group_commit.ts";
import type { CommittedGroup, WriteRequest } from "../../db/engines/messages.ts";
import { migrateFile, openWriter, prepareFile, requireLocks } from "../../db/engines/open_file.ts";
import { isError } from "../../src/errors.ts";
import { newImage } from "../support/temp_database.ts";

async function withConn(action: (conn: EmbeddedConn, path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = prepareFile(`${directory}/g.sqlite`, { create: true, force: false });
  await migrateFile(path);
  const conn = await openWriter(path);
  try {
    await action(conn, path);
  } finally {
    conn.close();
    await Deno.remove(directory, { recursive: true });
  }
}

const create = (id: number, more = {}): WriteRequest => ({
  id,
  name: "images.create",
  input: { ...newImage(more), limit: null },
});
const images = (conn: EmbeddedConn) => Number(conn.one("SELECT count(*) AS n FROM images")?.n);
const codes = ({ answers }: CommittedGroup) =>
  answers.map((answer) => "error" in answer ? answer.error.code : "done");

Deno.test("a write that fails half way takes back only its own rows", () =>
  withConn(async (conn) => {
    const tooDeep = { name: "image", tags: ["t", { not: "text" } as unknown as string] };
    const group = await commitGroup(conn, [create(1), create(2, tooDeep), create(3)]);
    assert.deepEqual(codes(group), ["done", "database", "done"]);
    assert.equal(images(conn), 2);
    assert.equal(conn.inTransaction, false);
  }));

Deno.test("when the commit fails, every write of the group fails and none is stored", () =>
  withConn(async (conn) => {
    const failing: GroupConn = {
      dialect: conn.dialect,
      get inTransaction() {
        return conn.inTransaction;
      },
      all: (sql, params) => conn.all(sql, params),
      one: (sql, params) => conn.one(sql, params),
      now: conn.now,
      seal: conn.seal,
      unseal: conn.unseal,
      wants: conn.wants,
      guard: null,
      emitted: false,
      run: (sql, params) => {
        if (sql === "COMMIT") {
          throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
        }
        return conn.run(sql, params);
      },
    };
    assert.deepEqual(codes(await commitGroup(failing, [create(1), create(2)])), [
      "unavailable",
      "unavailable",
    ]);
    assert.equal(images(conn), 0);
    assert.deepEqual(codes(await commitGroup(conn, [create(3)])), ["done"]);
  }));

Deno.test("while another holds the lock a write waits, and gives up in time", () =>
  withConn(async (conn, path) => {
    const other = new EmbeddedConn(path, 0);
    conn.exec("PRAGMA busy_timeout = 0");
    other.exec("BEGIN IMMEDIATE");
    assert.deepEqual(codes(await commitGroup(conn, [create(1)], 60)), ["unavailable"]);
    const waiting = commitGroup(conn, [create(2)], 10_000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    other.exec("ROLLBACK");
    assert.deepEqual(codes(await waiting), ["done"]);
    other.close();
  }));

Deno.test("booleans are bound as 0 and 1, whole numbers as integers, and a closed connection refuses", () =>
  withConn(async (conn) => {
    await Promise.resolve();
    const types = "SELECT typeof(?) AS a, ? AS b, typeof(?) AS c, ? AS d, typeof(?) AS e, typeof(?) AS f";
    const { a, b, c, d, e, f } = conn.one(types, [true, false, 2 ** 40, 2 ** 40, 1.5, null])!;
    assert.deepEqual([a, b, c, d, e, f], ["integer", 0, "integer", 2 ** 40, "real", "null"]);
    const closed = new EmbeddedConn(":memory:", 0);
    closed.one("SELECT 1 AS x");
    closed.close();
    closed.close();
    for (
      const use of [
        () => closed.all("SELECT 1 AS x"),
        () => closed.inTransaction,
        () => closed.exec("SELECT 1"),
      ]
    ) {
      assert.throws(use, (error) => isError(error, "unavailable"));
    }
  }));

Deno.test("a lock that does not lock is found out", () =>
  withConn(async (conn, path) => {
    await Promise.resolve();
    const reader = new EmbeddedConn(path, 0);
    assert.throws(() => requireLocks(reader), (error) =>
      isError(error, "database") && /Locks do not work/.test(error.message));
    conn.exec("BEGIN IMMEDIATE");
    requireLocks(reader);
    reader.close();
  }));
