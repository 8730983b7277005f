import assert from "node:assert/strict";
import { is, SQL, type StringChunk } from "drizzle-orm";
import { getTableConfig, type IndexColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import * as cache from "../support/schema/cache.ts";
import * as children from "../support/schema/image_children.ts";
import * as deletions from "../support/schema/deletions.ts";
import * as images from "../support/schema/images.ts";
import * as metadefs from "../support/schema/metadefs.ts";
import * as outbox from "../support/schema/outbox.ts";
import * as tasks from "../support/schema/tasks.ts";
import * as taskLeases from "../support/schema/task_leases.ts";
import * as uploads from "../support/schema/uploads.ts";
import * as versions from "../support/schema/versions.ts";
import { giveLocation } from "../support/give_location.ts";
import { rowsOf } from "../support/raw_database.ts";
import { ADMIN, listQuery, makeImage, newImage, withDatabase, WRITER_URL } from "../support/temp_database.ts";
import { ON_MARIADB } from "../support/test_database.ts";
import { IMAGE_COLUMNS } from "../../db/columns.ts";
import { openDatabase } from "../../db/open.ts";

const TABLES = [cache, children, deletions, images, metadefs, outbox, tasks, taskLeases, uploads, versions]
  .flatMap((module) => Object.values(module))
  .filter((value) => is(value, SQLiteTable));

/** The column, or the expression, that an index is on. */
function nameOf(column: IndexColumn | SQL): string {
  if (is(column, SQL)) return String((column.queryChunks[0] as StringChunk).value[0]);
  return (column as { name: string }).name;
}

function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/["`]/g, "").toLowerCase();
}

function wantedColumns(table: SQLiteTable): string[] {
  return getTableConfig(table).columns.map((column) =>
    `${column.name} ${column.getSQLType()} ${column.notNull ? "not null" : "null"} ${column.default ?? "-"}`
  );
}

function foundColumns(path: string, table: string): string[] {
  return rowsOf(path, `PRAGMA table_info(${table})`).map((row) => {
    const value = row.dflt_value === null ? "-" : String(row.dflt_value).replaceAll("'", "");
    return `${row.name} ${row.type} ${row.notnull === 1 ? "not null" : "null"} ${value}`;
  });
}

// Of MariaDB: tests/unit/db_mariadb_schema.test.ts.
const SQLITE_ONLY = { ignore: ON_MARIADB };

Deno.test(
  "the migrations make exactly the tables, columns, indexes and keys of the schema",
  SQLITE_ONLY,
  () =>
    withDatabase(async (_, { path }) => {
      await Promise.resolve();
      const found = rowsOf(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
      assert.deepEqual(
        found.map(({ name }) => name),
        TABLES.map((table) => getTableConfig(table).name).sort(),
      );
      assert.equal(TABLES.length, 21);
      for (const table of TABLES) {
        const { name, indexes, uniqueConstraints, foreignKeys } = getTableConfig(table);
        assert.deepEqual(foundColumns(path, name).sort(), wantedColumns(table).sort(), name);
        const sqls = rowsOf(
          path,
          `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = '${name}'`,
        );
        const named = sqls.filter((row) => row.sql !== null);
        assert.deepEqual(
          named.map((row) => row.name).sort(),
          indexes.map(({ config }) => config.name).sort(),
          name,
        );
        for (const { config } of indexes) {
          const text = plain(String(named.find((row) => row.name === config.name)?.sql));
          const columns = config.columns.map((column) => nameOf(column));
          assert.ok(text.includes(`(${columns.join(", ")})`), `${config.name}: ${text}`);
          assert.equal(text.includes("where deleted = 0"), config.where !== undefined, config.name);
        }
        const create = plain(
          String(rowsOf(path, `SELECT sql FROM sqlite_schema WHERE name = '${name}'`)[0]?.sql),
        );
        for (const unique of uniqueConstraints) {
          const columns = unique.columns.map((column) => column.name).join(", ");
          assert.ok(
            create.includes(`constraint ${unique.name} unique (${columns})`),
            `${unique.name}: ${create}`,
          );
        }
        assert.equal(rowsOf(path, `PRAGMA foreign_key_list(${name})`).length, foreignKeys.length, name);
      }
      assert.deepEqual(rowsOf(path, "SELECT version_num FROM alembic_version"), [{
        version_num: "2024_1_contract01",
      }]);
    }),
);

Deno.test("queries name every column of images, each once", () => {
  const wanted = getTableConfig(images.images).columns.map(({ name }) => name);
  assert.deepEqual([...IMAGE_COLUMNS].sort(), wanted.sort());
});

Deno.test(
  "values stand in the file as upstream writes them",
  SQLITE_ONLY,
  () =>
    withDatabase(async (db, { path }) => {
      await makeImage(db, {
        id: "a",
        properties: { p: "1" },
        tags: ["t"],
        protected: true,
        size: 2 ** 40,
        min_ram: 3,
      });
      await giveLocation(db, { id: "a", url: "file:///x", metadata: {} });
      await db.write.members.add({ imageId: "a", member: "m", quota: -1 });
      const types = `typeof(size) AS size, typeof(protected) AS protected, typeof(deleted) AS deleted,
      typeof(min_ram) AS min_ram, typeof(created_at) AS created_at, protected AS is_protected, size AS bytes`;
      assert.deepEqual(rowsOf(path, `SELECT ${types} FROM images`), [{
        size: "integer",
        protected: "integer",
        deleted: "integer",
        min_ram: "integer",
        created_at: "text",
        is_protected: 1,
        bytes: 2 ** 40,
      }]);
      assert.deepEqual(rowsOf(path, "SELECT value, meta_data, status, deleted FROM image_locations"), [
        { value: "file:///x", meta_data: "{}", status: "active", deleted: 0 },
      ]);
      assert.deepEqual(rowsOf(path, "SELECT member, can_share, status, deleted FROM image_members"), [
        { member: "m", can_share: 0, status: "pending", deleted: 0 },
      ]);
      const [mode] = rowsOf(path, "PRAGMA journal_mode");
      assert.deepEqual(mode, { journal_mode: "wal" });
    }),
);

Deno.test("deletion marks the rows of all tables alike, a removed import lock leaves none", () =>
  withDatabase(async (db, database) => {
    const lock = { os_glance_import_task: "t" };
    const { id } = await makeImage(db, { id: "a", properties: { p: "1", ...lock }, tags: ["t"] });
    await db.write.members.add({ imageId: id, member: "m", quota: -1 });
    await giveLocation(db, { id, url: "file:///x", metadata: {} });
    await db.write.images.change({ id, removeProperties: ["os_glance_import_task", "p"] });
    await db.write.images.change({ id, setProperties: { p: "2" } });
    const [property] = await database.rows(
      "SELECT count(*) AS n, max(deleted) AS deleted FROM image_properties",
    );
    assert.deepEqual(property, { n: 1, deleted: 0 });
    const gone = await db.write.images.delete({ id, to: "pending_delete" });
    const time = gone.outcome === "done" ? gone.image.deleted_at : null;
    for (const table of ["images", "image_properties", "image_members", "image_tags", "image_locations"]) {
      assert.deepEqual(await database.rows(`SELECT deleted, deleted_at FROM ${table}`), [{
        deleted: 1,
        deleted_at: time,
      }], table);
    }
    assert.deepEqual(await database.rows("SELECT status FROM image_locations"), [{
      status: "pending_delete",
    }]);
  }));

Deno.test("after the end the file alone holds everything: it can be saved, moved and given back", async () => {
  const directory = await Deno.makeTempDir({ prefix: "oneglance-db-" });
  const path = `${directory}/glance.sqlite`;
  try {
    const db = await openDatabase({ connection: `sqlite:///${path}`, writerUrl: WRITER_URL, sync: "auto" });
    await makeImage(db, newImage({ id: "a" }));
    // Statements of both connections are still there when they end.
    assert.equal((await db.read.images.list(listQuery(ADMIN))).length, 1);
    assert.ok(await db.read.images.show({ id: "a", viewer: ADMIN }));
    await db.close();
    const log = await Deno.stat(`${path}-wal`).catch(() => null);
    assert.equal(log?.size ?? 0, 0);
    const copy = `${directory}/copy.sqlite`;
    await Deno.copyFile(path, copy);
    assert.deepEqual(rowsOf(copy, "SELECT id FROM images"), [{ id: "a" }]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
