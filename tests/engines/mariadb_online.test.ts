/**
 * `db sync` on a database of Glance that others write to: `ONEGLANCE_TEST_IMAGES` says how many images it has, default
 * 5,000. Prints how long it took and how long the slowest write waited.
 */
import assert from "node:assert/strict";
import { checkDatabase, syncDatabase } from "../../db/manage.ts";
import { missing } from "../support/installed.ts";
import { type MariadbDatabase, withMariadb } from "../support/mariadb_database.ts";
import { GLANCE_COMMANDS } from "../compat/support/glance.ts";
import { upstreamManageOn } from "../support/upstream_database.ts";
import { MARIADB_COMMANDS, startMariadb } from "./mariadb.ts";

const IMAGES = Number(Deno.env.get("ONEGLANCE_TEST_IMAGES") ?? 5000);
const PART = 100_000;

/** Fills the tables of Glance with images that have a property each. */
async function fill(database: MariadbDatabase, images: number): Promise<void> {
  for (let from = 1; from <= images; from += PART) {
    await database.run(
      `INSERT INTO images (id, name, size, status, created_at, updated_at, deleted, disk_format,
         container_format, owner, min_disk, min_ram, protected, visibility, os_hidden)
       SELECT uuid(), concat('image ', seq), seq * 1000, 'active', '2024-01-01' + INTERVAL seq SECOND,
         '2024-01-01' + INTERVAL seq SECOND, seq % 10 = 0, 'qcow2', 'bare', md5(seq % 1000), 0, 0, 0,
         elt(1 + seq % 4, 'private', 'public', 'shared', 'community'), 0
       FROM seq_${from}_to_${Math.min(images, from + PART - 1)}`,
    );
  }
  await database.run(
    `INSERT INTO image_properties (image_id, name, value, created_at, deleted)
     SELECT id, 'os_type', 'linux', created_at, 0 FROM images`,
  );
}

Deno.test({
  name: `a sync of ${IMAGES.toLocaleString("en-GB")} images is online: writes go on`,
  ignore: missing(...MARIADB_COMMANDS, ...GLANCE_COMMANDS),
  async fn() {
    const dir = await Deno.makeTempDir({ prefix: "oneglance_online_" });
    await using server = await startMariadb();
    try {
      await withMariadb(
        async (database) => {
          await upstreamManageOn(dir, database.connection, "sync");
          await fill(database, IMAGES);
          const other = await database.another();
          let going = true;
          let writes = 0;
          let slowest = 0;
          const writing = (async () => {
            while (going) {
              const from = performance.now();
              await other.run(
                "INSERT INTO images (id, status, created_at, deleted, min_disk, min_ram) VALUES (uuid(), 'queued', now(), 0, 0, 0)",
              );
              await other.run("UPDATE images SET name = uuid() WHERE deleted = 0 ORDER BY id LIMIT 1");
              slowest = Math.max(slowest, performance.now() - from);
              writes++;
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
          })();
          const from = performance.now();
          const { exit } = await syncDatabase(database.connection);
          const took = performance.now() - from;
          going = false;
          await writing;
          await other.close();
          assert.equal(exit, 0);
          assert.ok(writes > 1, `${writes} writes`);
          const [row] = await database.rows("SELECT count(*) AS n FROM images");
          assert.equal(Number(row!.n), IMAGES + writes);
          console.log(
            `sync ${(took / 1000).toFixed(1)} s; ${writes} writes meanwhile, the slowest ${
              slowest.toFixed(0)
            } ms`,
          );
        },
        "CHARACTER SET utf8",
        new URL(server.urls[0]!),
      );
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});

Deno.test({
  name: "two syncs of ours and one of Glance's at once, on a full database of Glance",
  ignore: missing(...MARIADB_COMMANDS, ...GLANCE_COMMANDS),
  async fn() {
    const dir = await Deno.makeTempDir({ prefix: "oneglance_online_" });
    await using server = await startMariadb();
    const sync = (database: MariadbDatabase) => upstreamManageOn(dir, database.connection, "sync");
    try {
      const made: Record<string, string>[] = [];
      for (const atOnce of [false, true]) {
        await withMariadb(
          async (database) => {
            await sync(database);
            await fill(database, 1000);
            const ours = () => syncDatabase(database.connection);
            const ends = atOnce
              ? await Promise.all([ours(), ours(), sync(database)])
              : [await ours(), await ours(), await sync(database)];
            assert.deepEqual(ends.map((end) => "exit" in end! ? end.exit : end?.code), [0, 0, 0]);
            assert.equal((await checkDatabase(database.connection)).exit, 0);
            const counts = await database.rows(
              "SELECT (SELECT count(*) FROM images) AS images, (SELECT count(*) FROM image_properties) AS properties",
            );
            assert.deepEqual(counts.map((row) => [Number(row.images), Number(row.properties)]), [[
              1000,
              1000,
            ]]);
            made.push(await database.tables());
          },
          "CHARACTER SET utf8",
          new URL(server.urls[0]!),
        );
      }
      assert.deepEqual(made[1], made[0]);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
