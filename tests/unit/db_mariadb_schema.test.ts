/** The schema on MariaDB: upstream's tables to the letter, ours beside them, whatever interrupts its making. */
import assert from "node:assert/strict";
import {
  checkDatabase,
  contractDatabase,
  databaseVersion,
  expandDatabase,
  migrateData,
  syncDatabase,
} from "../../db/manage.ts";
import { migrateMariadb } from "../../db/migrations/mariadb/migrate.ts";
import { OWN_MIGRATIONS, OWN_VERSION } from "../../db/migrations/own.ts";
import { dying, MARIADB, sessionOn, withMariadb } from "../support/mariadb_database.ts";
import { upstreamManageOn } from "../support/upstream_database.ts";

const ignore = MARIADB === null;

/** `SHOW CREATE TABLE` of upstream's tables, without what is ours in them. */
function withoutOurs(tables: Record<string, string>): Record<string, string> {
  const theirs = Object.entries(tables).filter(([name]) => !name.startsWith("oneglance_"));
  return Object.fromEntries(
    theirs.map(([name, text]) => [name, text.replaceAll(/^ +(KEY )?`oneglance_.*\n/gm, "")]),
  );
}

/** What no release of Debian's makes yet: as the migrations of upstream's 33.0.0 leave it, `{charset}` apart. */
const CACHE_TABLES = {
  cached_images: `CREATE TABLE \`cached_images\` (
  \`id\` bigint(20) NOT NULL AUTO_INCREMENT,
  \`image_id\` varchar(36) NOT NULL,
  \`last_accessed\` datetime NOT NULL,
  \`last_modified\` datetime NOT NULL,
  \`size\` bigint(20) NOT NULL,
  \`hits\` int(11) NOT NULL,
  \`checksum\` varchar(32) DEFAULT NULL,
  \`node_reference_id\` bigint(20) NOT NULL,
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`ix_cached_images_image_id_node_reference_id\` (\`image_id\`,\`node_reference_id\`),
  KEY \`node_reference_id\` (\`node_reference_id\`),
  CONSTRAINT \`cached_images_ibfk_1\` FOREIGN KEY (\`node_reference_id\`) REFERENCES \`node_reference\` (\`node_reference_id\`)
)`,
  node_reference: `CREATE TABLE \`node_reference\` (
  \`node_reference_id\` bigint(20) NOT NULL AUTO_INCREMENT,
  \`node_reference_url\` varchar(255) NOT NULL,
  PRIMARY KEY (\`node_reference_id\`),
  UNIQUE KEY \`uq_node_reference_node_reference_url\` (\`node_reference_url\`)
)`,
};

const AS_DEPLOYED = [
  "CHARACTER SET utf8",
  "CHARACTER SET utf8mb4",
  "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
  "CHARACTER SET utf8 COLLATE utf8_bin",
];

for (const options of AS_DEPLOYED) {
  Deno.test({
    name: `MariaDB: the tables are those of glance-manage db sync, to the letter (${options})`,
    ignore,
    fn: () =>
      withMariadb((ours) =>
        withMariadb(async (theirs) => {
          const directory = await Deno.makeTempDir();
          try {
            const made = await upstreamManageOn(directory, theirs.connection, "sync");
            if (!made) return;
            assert.equal(made.code, 0);
            await migrateMariadb(sessionOn(ours));
            const wanted = await theirs.tables();
            const ending = /\) ENGINE=.*$/.exec(wanted.images!)![0].slice(1);
            for (const [name, text] of Object.entries(CACHE_TABLES)) wanted[name] ??= text + ending;
            assert.deepEqual(withoutOurs(await ours.tables()), wanted);
            assert.equal(Object.keys(wanted).length, 16);
            assert.deepEqual(await ours.rows("SELECT version_num FROM alembic_version"), [
              { version_num: "2024_1_contract01" },
            ]);
            // Adopted, theirs is the same, down to the last index of ours, and stays one of its Glance.
            await migrateMariadb(sessionOn(theirs));
            const { cached_images, node_reference, ...same } = await ours.tables();
            assert.ok(cached_images && node_reference);
            assert.deepEqual(await theirs.tables(), same);
            const again = await upstreamManageOn(directory, theirs.connection, "sync");
            assert.deepEqual(again, { code: 0, stdout: "Database is up to date. No migrations needed.\n" });
            assert.deepEqual(await theirs.tables(), same);
          } finally {
            await Deno.remove(directory, { recursive: true });
          }
        }, options), options),
  });
}

Deno.test({
  name: "MariaDB: a sync that dies after any statement is completed by the next one",
  ignore,
  fn: () =>
    withMariadb((whole) =>
      withMariadb(async (database) => {
        await migrateMariadb(sessionOn(whole));
        let runs = 0;
        for (let allowed = 1;; allowed++) {
          const died = await migrateMariadb(dying(database, allowed)).then(
            () => false,
            (error) => error.message === "died",
          );
          if (!died) break;
          runs++;
          // The connection of the dead is gone, and with it its transaction; its lease is over after a while.
          await database.run("ROLLBACK");
          if (allowed > 1) await database.run("UPDATE oneglance_sync SET expires_at = UTC_TIMESTAMP(6)");
        }
        assert.ok(runs > OWN_VERSION, `${runs} statements`);
        assert.deepEqual(await database.tables(), await whole.tables());
        assert.deepEqual(
          (await database.rows("SELECT version FROM oneglance_schema ORDER BY 1")).map(({ version }) =>
            version
          ),
          OWN_MIGRATIONS.map(({ version }) => version),
        );
      })
    ),
});

Deno.test({
  name: "MariaDB: of two syncs at once one works, the other waits and has nothing to do",
  ignore,
  fn: () =>
    withMariadb(async (database) => {
      const other = await database.another();
      try {
        const found = await Promise.all([database, other].map((each) => migrateMariadb(sessionOn(each))));
        assert.deepEqual(found.map(({ before }) => before.own).sort(), [0, OWN_VERSION]);
        assert.deepEqual(await database.rows("SELECT owner FROM oneglance_sync"), [{ owner: null }]);
      } finally {
        await other.close();
      }
    }),
});

Deno.test({
  name: "MariaDB: a sync waits for a transaction on a table without keeping others from it",
  ignore,
  fn: () =>
    withMariadb(async (database) => {
      await migrateMariadb(sessionOn(database));
      await database.run("ALTER TABLE images DROP INDEX oneglance_images_size");
      await database.run("DELETE FROM oneglance_schema");
      const other = await database.another();
      try {
        await other.run("START TRANSACTION");
        await other.rows("SELECT * FROM images");
        const synced = migrateMariadb(sessionOn(database));
        const waiting = await database.another();
        await waiting.until(
          "SELECT 1 FROM information_schema.processlist WHERE state LIKE '%metadata lock%'",
        );
        // Stands behind the change, and goes past it when that lets the others go first.
        await waiting.run(
          "INSERT INTO image_tags (image_id, value, created_at, deleted) SELECT id, '', now(), 0 FROM images",
        );
        await waiting.close();
        await other.run("COMMIT");
        await synced;
        assert.match((await database.tables()).images!, /KEY `oneglance_images_size`/);
      } finally {
        await other.close();
      }
    }),
});

Deno.test({
  name: "MariaDB: db version, check, sync, expand, migrate and contract",
  ignore,
  fn: () =>
    withMariadb(async ({ connection }) => {
      assert.match(
        (await databaseVersion(connection)).output,
        /^Database is either not under migration control/,
      );
      assert.equal((await checkDatabase(connection)).exit, 3);
      await assert.rejects(migrateData(connection), /^GlanceError: Data migration did not run\./);
      await assert.rejects(contractDatabase(connection), /^GlanceError: Database contraction did not run\./);
      const { output } = await syncDatabase(connection);
      assert.equal(output.split("\n").at(-1), "Database is synced successfully.");
      const done = { output: "Database is up to date. No migrations needed.", exit: 0 };
      for (const action of [syncDatabase, expandDatabase, migrateData, contractDatabase]) {
        assert.deepEqual(await action(connection), done);
      }
      assert.deepEqual(await databaseVersion(connection), { output: "2024_1_contract01", exit: 0 });
      assert.equal((await checkDatabase(connection)).exit, 0);
    }),
});

Deno.test({
  name: "MariaDB: what this program cannot use is refused and stays as it is",
  ignore,
  fn: () =>
    withMariadb(async ({ connection, run, rows, tables }) => {
      await run("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)");
      const cases: [revisions: string[], said: RegExp][] = [
        [["2031_2_contract07"], /2031_2_contract07.*does not know.*Use a oneglance/],
        [["rocky_contract02"], /rocky_contract02.*older than Train.*glance-manage db sync/],
        [["zed_contract01", "2023_1_expand01"], /middle of a rolling upgrade.*db contract/],
        [[], /no alembic_version row/],
      ];
      for (const [revisions, said] of cases) {
        await run("DELETE FROM alembic_version");
        for (const revision of revisions) await run("INSERT INTO alembic_version VALUES (?)", [revision]);
        for (const action of [syncDatabase, expandDatabase, checkDatabase]) {
          await assert.rejects(action(connection), said);
        }
        const left = await rows("SELECT version_num FROM alembic_version ORDER BY 1");
        assert.deepEqual(left.map(({ version_num }) => version_num), [...revisions].sort());
        assert.deepEqual(Object.keys(await tables()), ["alembic_version"]);
      }
    }),
});
