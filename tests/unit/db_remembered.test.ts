import assert from "node:assert/strict";
import { EmbeddedConn } from "../../db/engines/embedded.ts";
import { Remembered } from "../../db/engines/remembered.ts";
import type { Conn } from "../../db/conn.ts";

/** A database with a table `t`, a reader that counts its queries, and another connection that writes. */
async function withReader(
  use: (reader: Remembered, writer: EmbeddedConn, asked: () => number) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const [writer, inner] = [new EmbeddedConn(`${dir}/a.db`, 1000), new EmbeddedConn(`${dir}/a.db`, 1000)];
  try {
    writer.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (id TEXT PRIMARY KEY, v TEXT)");
    writer.run("INSERT INTO t VALUES (?, ?)", ["a", "one"]);
    let asked = 0;
    const counted: Conn = {
      unseal: inner.unseal,
      dialect: inner.dialect,
      all: (sql, params) => inner.all(sql, params),
      one: (sql, params) => {
        if (!sql.startsWith("PRAGMA")) asked++;
        return inner.one(sql, params);
      },
    };
    await use(new Remembered(counted), writer, () => asked);
  } finally {
    writer.close();
    inner.close();
    await Deno.remove(dir, { recursive: true });
  }
}

const SELECT = "SELECT v FROM t WHERE id = ?";

Deno.test("a row is read once for as long as nobody commits", () =>
  withReader(async (reader, _writer, asked) => {
    for (let turn = 0; turn < 3; turn++) assert.equal((await reader.one(SELECT, ["a"]))?.v, "one");
    assert.equal(asked(), 1);
  }));

Deno.test("after a commit of another connection every row is read anew", () =>
  withReader(async (reader, writer, asked) => {
    assert.equal(await reader.one(SELECT, ["b"]), undefined);
    assert.equal((await reader.one(SELECT, ["a"]))?.v, "one");
    writer.run("UPDATE t SET v = 'two' WHERE id = 'a'");
    assert.equal((await reader.one(SELECT, ["a"]))?.v, "two");
    writer.run("INSERT INTO t VALUES ('b', 'new')");
    assert.equal((await reader.one(SELECT, ["b"]))?.v, "new");
    assert.equal(asked(), 4);
  }));

Deno.test("what is not committed is neither seen nor forgotten for", () =>
  withReader(async (reader, writer, asked) => {
    await reader.one(SELECT, ["a"]);
    writer.exec("BEGIN IMMEDIATE");
    writer.run("UPDATE t SET v = 'two' WHERE id = 'a'");
    assert.equal((await reader.one(SELECT, ["a"]))?.v, "one");
    assert.equal(asked(), 1);
    writer.exec("COMMIT");
    assert.equal((await reader.one(SELECT, ["a"]))?.v, "two");
  }));

Deno.test("rows are kept apart by statement and values, and nobody can change a kept one", () =>
  withReader(async (reader) => {
    assert.equal((await reader.one("SELECT ? AS x", ["1"]))?.x, "1");
    assert.equal((await reader.one("SELECT ? AS x", [1]))?.x, 1);
    assert.equal((await reader.one("SELECT ? AS y", ["1"]))?.y, "1");
    const row = (await reader.one(SELECT, ["a"]))!;
    assert.throws(() => row.v = "other", TypeError);
  }));

Deno.test("a long row is not kept, and of many the oldest go", () =>
  withReader(async (reader, _writer, asked) => {
    const long = "x".repeat(5000);
    for (let turn = 0; turn < 2; turn++) await reader.one("SELECT ? AS x", [long]);
    assert.equal(asked(), 2);
    for (let n = 0; n <= 1000; n++) await reader.one("SELECT ? AS x", [n]);
    assert.equal(asked(), 1003);
    await reader.one("SELECT ? AS x", [1000]);
    assert.equal(asked(), 1003);
    await reader.one("SELECT ? AS x", [0]);
    assert.equal(asked(), 1004);
  }));
