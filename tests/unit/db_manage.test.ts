import assert from "node:assert/strict";
import {
  checkDatabase,
  contractDatabase,
  databaseVersion,
  expandDatabase,
  migrateData,
  syncDatabase,
} from "../../db/manage.ts";
import { openDatabase } from "../../db/open.ts";
import { isError } from "../../src/errors.ts";
import { execOn, rowsOf } from "../support/raw_database.ts";
import { ADMIN, everyPage, listQuery, makeImage, newImage, WRITER_URL } from "../support/temp_database.ts";
import { upstreamManage } from "../support/upstream_database.ts";

async function inDirectory(action: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "oneglance-manage-" });
  try {
    await action(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const connectionTo = (path: string) => `sqlite:///${path}`;
const open = (path: string) => openDatabase({ connection: connectionTo(path), writerUrl: WRITER_URL });
const refused = (pattern: RegExp) => (error: unknown) =>
  isError(error, "database") && pattern.test(error.message);

/** Sets the revision rows of a database, as some other program may have left them. */
function stamp(path: string, ...revisions: string[]): void {
  const rows = revisions.map((revision) => `INSERT INTO alembic_version VALUES ('${revision}');`);
  execOn(path, `DELETE FROM alembic_version; ${rows.join(" ")}`);
}

Deno.test("a database from nothing to synced, with the words of glance-manage", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/new/glance.sqlite`;
    const connection = connectionTo(path);
    assert.match(
      (await databaseVersion(connection)).output,
      /^Database is either not under migration control/,
    );
    assert.deepEqual(await checkDatabase(connection), {
      output: "Your database is not up to date. Your first step is to run `glance-manage db expand`.",
      exit: 3,
    });
    await assert.rejects(migrateData(connection), refused(/^Data migration did not run\./));
    await assert.rejects(contractDatabase(connection), refused(/^Database contraction did not run\./));
    const synced = await syncDatabase(connection);
    assert.equal(synced.exit, 0);
    assert.equal(synced.output.split("\n").at(-1), "Database is synced successfully.");
    const done = { output: "Database is up to date. No migrations needed.", exit: 0 };
    for (const action of [syncDatabase, expandDatabase, migrateData, contractDatabase]) {
      assert.deepEqual(await action(connection), done);
    }
    assert.deepEqual(await databaseVersion(connection), { output: "2024_1_contract01", exit: 0 });
    assert.deepEqual(await checkDatabase(connection), {
      output: "Database is up to date. No upgrades needed.",
      exit: 0,
    });
    const { mode } = await Deno.stat(path);
    assert.equal((mode ?? 0) & 0o077, 0, "the file holds secrets of stores");
  }));

Deno.test("what this program cannot use is refused, saying what it is and what to do", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/g.sqlite`;
    await syncDatabase(connectionTo(path));
    const cases: [string[], RegExp][] = [
      [["2031_2_contract07"], /2031_2_contract07.*does not know.*Use a oneglance/],
      [["rocky_contract02"], /rocky_contract02.*older than Train.*glance-manage db sync/],
      [["zed_contract01", "2023_1_expand01"], /middle of a rolling upgrade.*db contract/],
      [[], /no alembic_version row/],
    ];
    for (const [revisions, pattern] of cases) {
      stamp(path, ...revisions);
      await assert.rejects(open(path), refused(pattern));
      await assert.rejects(syncDatabase(connectionTo(path)), refused(pattern));
      await assert.rejects(checkDatabase(connectionTo(path)), refused(pattern));
      const rows = rowsOf(path, "SELECT version_num FROM alembic_version ORDER BY 1");
      assert.deepEqual(
        rows.map((row) => row.version_num),
        [...revisions].sort(),
        "a refusal changes nothing",
      );
    }
    stamp(path, "2024_1_contract01");
    execOn(path, "INSERT INTO oneglance_schema VALUES (99, '2030')");
    await assert.rejects(open(path), refused(/version 99 of oneglance's own tables/));
  }));

Deno.test("files that are no database, not there, or not to be written", () =>
  inDirectory(async (directory) => {
    await assert.rejects(
      open(`${directory}/absent/g.sqlite`),
      refused(/directory .*absent.* does not exist/),
    );
    await assert.rejects(open(`${directory}/g.sqlite`), refused(/does not exist.*db sync/));
    const text = `${directory}/text.sqlite`;
    await Deno.writeTextFile(text, "This is a letter and no database at all.\n".repeat(100));
    await assert.rejects(open(text), refused(/not a database/));
    await assert.rejects(syncDatabase(connectionTo(text)), refused(/not a database/));
    await Deno.mkdir(`${directory}/folder.sqlite`);
    await assert.rejects(open(`${directory}/folder.sqlite`), refused(/cannot be written/));
    const empty = `${directory}/empty.sqlite`;
    await Deno.writeTextFile(empty, "");
    await assert.rejects(open(empty), refused(/is empty.*db sync/));
    await syncDatabase(connectionTo(empty));
    await (await open(empty)).close();
  }));

Deno.test("a damaged file is named, with what to do, whatever opens it", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/g.sqlite`;
    await syncDatabase(connectionTo(path));
    const sound = await Deno.readFile(path);
    const damages: [what: string, spoil: (bytes: Uint8Array) => Uint8Array<ArrayBuffer>, said: RegExp][] = [
      [
        "cut short",
        (bytes) => Uint8Array.from(bytes.subarray(0, 20_000)),
        /is damaged .*restore the last backup/,
      ],
      ["pages", (bytes) => Uint8Array.from(bytes).fill(0xff, 4096), /is damaged .*restore the last backup/],
      [
        "schema",
        (bytes) => Uint8Array.from(bytes).fill(0xff, 100, 4096),
        /is damaged .*-wal, -shm.*\.recover/,
      ],
      ["header", (bytes) => Uint8Array.from(bytes).fill(0x41, 0, 100), /beginning is damaged .*right file/],
    ];
    for (const [what, spoil, said] of damages) {
      await Deno.writeFile(path, spoil(sound));
      for (const opened of [() => open(path), () => syncDatabase(connectionTo(path))]) {
        await assert.rejects(opened, (error: Error) => {
          assert.match(error.message, said, what);
          assert.ok(error.message.startsWith(`The database ${path} is `), error.message);
          return refused(said)(error);
        });
      }
    }
  }));

Deno.test("an older schema is completed in place, a newer one's expansion finished", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/g.sqlite`;
    await syncDatabase(connectionTo(path));
    // What was not there in Train, and what is ours.
    execOn(path, "DROP TABLE cached_images; DROP TABLE node_reference; DROP INDEX ix_tasks_image_id");
    for (const column of ["image_id", "request_id", "user_id"]) {
      execOn(path, `ALTER TABLE tasks DROP COLUMN ${column}`);
    }
    for (const kind of ["index", "table"]) {
      const own = rowsOf(path, "SELECT name FROM sqlite_schema WHERE name LIKE 'oneglance_%' AND type = ?", [
        kind,
      ]);
      for (const { name } of own) execOn(path, `DROP ${kind} ${name}`);
    }
    stamp(path, "train_contract01");
    await assert.rejects(open(path), refused(/train_contract01.*db sync/));
    await syncDatabase(connectionTo(path));
    const columns = rowsOf(path, "PRAGMA table_info(tasks)").map((row) => row.name);
    for (const column of ["image_id", "request_id", "user_id"]) assert.ok(columns.includes(column));
    await (await open(path)).close();
    stamp(path, "2023_1_contract01", "2024_1_expand01");
    assert.equal((await checkDatabase(connectionTo(path))).exit, 5);
    await syncDatabase(connectionTo(path));
    assert.deepEqual(await databaseVersion(connectionTo(path)), { output: "2024_1_contract01", exit: 0 });
  }));

Deno.test("a database of upstream's own making is adopted with its images", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/upstream.sqlite`;
    const made = await upstreamManage(directory, path, "sync");
    if (!made) return;
    assert.equal(made.code, 0);
    const before = rowsOf(path, "SELECT version_num FROM alembic_version");
    const id = "6e2b1a52-2f9a-4c8d-8d53-5a3c0d4a8b10";
    execOn(
      path,
      `INSERT INTO images (id, name, size, status, created_at, updated_at, deleted, owner, min_disk,
        min_ram, protected, visibility, os_hidden) VALUES ('${id}', 'old', 7, 'active', '2020-01-01 00:00:00.000000',
        '2020-01-02 00:00:00.000000', 0, 'p', 0, 0, 1, 'public', 0)`,
    );
    execOn(
      path,
      `INSERT INTO image_tags (image_id, value, created_at, deleted) VALUES
        ('${id}', 'b', '2020', 0), ('${id}', 'a', '2020', 0), ('${id}', 'b', '2020', 0), ('${id}', 'x', '2020', 1)`,
    );
    execOn(
      path,
      `INSERT INTO image_locations (image_id, value, created_at, deleted, meta_data, status) VALUES
        ('${id}', 'file:///one', '2020', 0, '{"store": "s"}', 'active'),
        ('${id}', 'file:///two', '2020', 1, '{}', 'pending_delete'), ('${id}', 'file:///three', '2020', 0, NULL, 'active')`,
    );
    // Revived by upstream: lives in spite of its deleted_at.
    execOn(
      path,
      `INSERT INTO image_properties (image_id, name, value, created_at, deleted_at, deleted) VALUES
        ('${id}', 'p', '', '2020', '2020', 0), ('${id}', 'gone', 'x', '2020', '2020', 1)`,
    );
    await syncDatabase(connectionTo(path));
    const db = await open(path);
    try {
      const [image, ...others] = await everyPage(db, listQuery(ADMIN));
      assert.deepEqual(others, []);
      assert.equal(image?.name, "old");
      assert.equal(image?.protected, true);
      assert.deepEqual(image?.tags, ["b", "a"]);
      assert.deepEqual(image?.properties, { p: "" });
      assert.deepEqual(image?.locations.map(({ url, metadata }) => [url, metadata]), [
        ["file:///one", { store: "s" }],
        ["file:///three", {}],
      ]);
      await makeImage(db, newImage({ tags: ["n"], properties: { q: "1" } }));
      await db.write.images.change({ id, setProperties: { gone: "back" } });
      assert.deepEqual((await db.read.images.show({ id, viewer: ADMIN }))?.properties, {
        p: "",
        gone: "back",
      });
    } finally {
      await db.close();
    }
    // It is still one of upstream's tool of the same age.
    assert.deepEqual(rowsOf(path, "SELECT version_num FROM alembic_version"), before);
    assert.equal((await upstreamManage(directory, path, "check"))?.code, 0);
    assert.equal((await upstreamManage(directory, path, "sync"))?.code, 0);
  }));
