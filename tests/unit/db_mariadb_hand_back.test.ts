/** A MariaDB that goes back to Glance: its tables are as before, to the letter. */
import assert from "node:assert/strict";
import { handBackDatabase, syncDatabase } from "../../db/manage.ts";
import { handBack } from "../../db/migrations/hand_back.ts";
import { dying, MARIADB, sessionOn, withMariadb } from "../support/mariadb_database.ts";
import { upstreamManageOn } from "../support/upstream_database.ts";

const ignore = MARIADB === null;
const TO_25 = { release: 25, dropNotifications: false };

Deno.test({
  name: "MariaDB: handed back, the tables are those that glance-manage made, and it finds nothing to do",
  ignore,
  async fn() {
    const directory = await Deno.makeTempDir();
    try {
      await withMariadb(async ({ connection, tables, rows }) => {
        if (!await upstreamManageOn(directory, connection, "sync")) return;
        const before = await tables();
        for (let round = 0; round < 2; round++) {
          await syncDatabase(connection);
          const { output } = await handBackDatabase(connection, TO_25);
          assert.match(output, /^The database is one of Glance 25 now:\n/);
          assert.deepEqual(await tables(), before);
        }
        assert.deepEqual(await rows("SELECT version_num FROM alembic_version"), [
          { version_num: "wallaby_contract01" },
        ]);
        const synced = await upstreamManageOn(directory, connection, "sync");
        assert.deepEqual([synced?.code, synced?.stdout], [
          0,
          "Database is up to date. No migrations needed.\n",
        ]);
        assert.equal((await upstreamManageOn(directory, connection, "check"))?.code, 0);
      });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

for (const release of [19, 22, 28, 33]) {
  Deno.test({
    name: `MariaDB: a hand-back to ${release} that dies after any statement is completed by the next one`,
    ignore,
    fn: () =>
      withMariadb((whole) =>
        withMariadb(async (database) => {
          const options = { release, dropNotifications: false };
          await syncDatabase(whole.connection);
          await syncDatabase(database.connection);
          await handBack(sessionOn(whole), options);
          for (let allowed = 0;; allowed++) {
            const died = await handBack(dying(database, allowed), options)
              .then(() => false, (error) => error.message === "died");
            if (!died) break;
          }
          assert.deepEqual(await database.tables(), await whole.tables());
          const revision = "SELECT version_num FROM alembic_version";
          assert.deepEqual(await database.rows(revision), await whole.rows(revision));
          const ours = Object.entries(await database.tables()).filter(([name, text]) =>
            /oneglance/.test(name + text)
          );
          assert.deepEqual(ours, []);
        })
      ),
  });
}

Deno.test({
  name: "MariaDB: what oneglance has to finish is not handed back",
  ignore,
  fn: () =>
    withMariadb(async ({ connection, run, tables }) => {
      await syncDatabase(connection);
      const before = await tables();
      await run(
        `INSERT INTO oneglance_outbox (message_id, event_type, priority, about, body, created_at)
        VALUES ('m', 'image.create', 'INFO', 'image', '{}', now())`,
      );
      await run(
        `INSERT INTO oneglance_deletions (image_id, token, owner, expires_at, was) VALUES ('i', 't', 'o', now(), 'active')`,
      );
      const refused = /finish: 1 deletions, 1 notifications\. .*--drop-notifications\.$/;
      await assert.rejects(handBackDatabase(connection, TO_25), refused);
      await run("DELETE FROM oneglance_deletions");
      await assert.rejects(handBackDatabase(connection, TO_25), /finish: 1 notifications/);
      assert.deepEqual(await tables(), before);
      await handBackDatabase(connection, { ...TO_25, dropNotifications: true });
      assert.deepEqual(Object.keys(await tables()).filter((name) => name.startsWith("oneglance_")), []);
      await assert.rejects(handBackDatabase(connection, TO_25), /nothing is to be handed back/);
    }),
});
