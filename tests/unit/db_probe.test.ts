/** The write that health asks for: it finds a database that takes nothing more, and leaves nothing. */
import assert from "node:assert/strict";
import { EmbeddedConn } from "../../db/engines/embedded.ts";
import { toGlanceError } from "../../db/engines/engine_error.ts";
import { probe } from "../../db/tables/health.ts";
import { withDatabase } from "../support/temp_database.ts";
import { ON_MARIADB } from "../support/test_database.ts";

Deno.test("the probe leaves no row", () =>
  withDatabase(async (db, database) => {
    for (let each = 0; each < 3; each++) await db.write.health.probe();
    assert.deepEqual(await database.rows("SELECT * FROM oneglance_tasks"), []);
    assert.deepEqual(await db.read.tasks.leases({}), []);
  }));

Deno.test(
  "a database without space is found by the probe, though it can be read",
  { ignore: ON_MARIADB },
  () =>
    withDatabase(async (db, { path }) => {
      const conn = new EmbeddedConn(path, 5000);
      try {
        conn.exec("VACUUM");
        conn.exec(`PRAGMA max_page_count = ${conn.one("PRAGMA page_count")!.page_count}`);
        conn.exec("BEGIN IMMEDIATE");
        await assert.rejects(
          probe(conn),
          (error) => toGlanceError(error).message === "There is no space left for the database.",
        );
        assert.equal(conn.inTransaction, false, "the engine has taken all of it back");
        await db.read.health.ping();
      } finally {
        conn.close();
      }
    }),
);
