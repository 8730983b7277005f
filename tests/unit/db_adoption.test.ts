/** `oneglance db check --against-glance`: each thing it finds, with its weight, and its exit codes. */
import assert from "node:assert/strict";
import type { AdoptionReport } from "../../db/adoption/report.ts";
import { locationCipher } from "../../db/location_cipher.ts";
import { run } from "../../src/cli/run.ts";
import { WORKERS } from "../../workers.ts";
import { newDatabase, ON_MARIADB, type TestDatabase } from "../support/test_database.ts";

const KEY = "0123456789abcdef";
const STORES = `enabled_backends = one:file, ceph:rbd
[glance_store]
default_backend = one
[one]
filesystem_store_datadir = /var/lib/images
`;

interface Shell {
  database: TestDatabase;
  /** `db` with arguments; `more`: lines of [DEFAULT] and on. */
  db(args: string[], more?: string): Promise<[code: number, text: string]>;
}

async function withShell(use: (shell: Shell) => Promise<void>, { empty = false } = {}): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using database = await newDatabase(folder, { empty });
    const db: Shell["db"] = async (args, more = "") => {
      const file = `${folder}/glance-api.conf`;
      await Deno.writeTextFile(file, `[DEFAULT]\n${more}\n[database]\nconnection = ${database.connection}\n`);
      const said: string[] = [];
      const say = (text: string) => said.push(text);
      const given = ["db", ...args, "--config-file", file];
      const code = await run({
        args: given,
        name: "oneglance",
        workers: WORKERS,
        env: {},
        out: say,
        err: say,
      });
      return [code, said.join("\n")];
    };
    if (!empty && !ON_MARIADB) assert.equal((await db(["sync"]))[0], 0);
    await use({ database, db });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const AGAINST = ["check", "--against-glance"];
const found = ({ findings }: AdoptionReport) =>
  findings.map(({ code, weight, count }) => `${weight} ${code} ${count}`).sort();

async function reportOf({ db }: Shell, more?: string): Promise<[code: number, report: AdoptionReport]> {
  const [code, text] = await db([...AGAINST, "--json"], more);
  return [code, JSON.parse(text)];
}

const TIME = "'2020-01-01 00:00:00'";
const image = (id: string, more = "status = 'active'") =>
  `INSERT INTO images (id, status, created_at, deleted, min_disk, min_ram) VALUES ('${id}', 'queued', ${TIME}, 0, 0, 0);
  UPDATE images SET ${more} WHERE id = '${id}'`;
const location = (url: string, more = "status = 'active'") =>
  `INSERT INTO image_locations (image_id, value, created_at, deleted) VALUES ('a', '${url}', ${TIME}, 0);
  UPDATE image_locations SET ${more} WHERE value = '${url}'`;
const property = (name: string) =>
  `INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES ('a', '${name}', 'x', ${TIME}, 0)`;
const tag = (value: string) =>
  `INSERT INTO image_tags (image_id, value, created_at, deleted) VALUES ('a', '${value}', ${TIME}, 0)`;
const member = (name: string) =>
  `INSERT INTO image_members (image_id, member, can_share, created_at, deleted) VALUES ('a', '${name}', 0, ${TIME}, 0)`;
const task = (id: string, status: string) =>
  `INSERT INTO tasks (id, type, status, owner, created_at, deleted) VALUES ('${id}', 'import', '${status}', 'p', ${TIME}, 0)`;

const LENIENT = ON_MARIADB ? "SET sql_mode = ''; " : "";
const NO_TIME = "0000-00-00 00:00:00";

const ROWS: [found: string, ...sql: string[]][] = [
  ["wait images_in_transfer 2", image("s", "status = 'saving'"), image("i", "status = 'importing'")],
  ["wait tasks_in_flight 1", task("t1", "processing"), task("t2", "success")],
  ["wait import_locks 1", property("os_glance_import_task")],
  ["wait importing_to_stores 1", property("os_glance_importing_to_stores")],
  ["wait staged_on_hosts 1", property("os_glance_stage_host")],
  ["wait pending_locations 1", location("pending://parallel-import/a/one")],
  ["wait pending_delete_images 1", image("pd", "status = 'pending_delete', deleted = 1")],
  ["wait pending_delete_locations 1", location("file:///pd", "status = 'pending_delete', deleted = 1")],
  ["differs zero_dates_images 1", `${LENIENT}${image("z", `created_at = '${NO_TIME}'`)}`],
  ["differs json_image_locations_meta_data 1", location("file:///json", "meta_data = 'x'")],
  ["differs json_task_info_input 1", "INSERT INTO task_info (task_id, input) VALUES ('t1', '{')"],
  ["differs unknown_status 1", image("u", "status = 'sleeping'")],
  ...(ON_MARIADB ? [] : [
    ["differs unknown_visibility 1", image("v", "visibility = 'secret'")],
    ["note orphans_image_tags 1", `PRAGMA foreign_keys = OFF; ${tag("lost").replace("'a'", "'nobody'")}`],
  ] as [string, string][]),
  ["note killed_images 1", image("k", "status = 'killed'")],
  ["differs tags_twice 1", tag("twice"), tag("twice")],
  ...(ON_MARIADB ? [["note tags_alike 1", tag("Case"), tag("case")]] as [string, string, string][] : []),
  ["differs members_twice 1", member("m"), member("m")],
  ["blocks store_type_rbd 1", location("rbd://fsid/images/a/snap", `meta_data = '{"store": "ceph"}'`)],
  ["blocks no_store_for_swift 1", location("swift://container/a")],
  ["blocks encrypted_without_key 1", location(locationCipher(KEY).encrypt("file:///sealed"))],
];

Deno.test("db check --against-glance: every kind of row", () =>
  withShell(async (shell) => {
    const { database, db } = shell;
    assert.deepEqual(await reportOf(shell, STORES).then(([code, report]) => [code, found(report)]), [0, []]);
    await database.exec(image("a"));
    await database.exec(location("file:///fine", `meta_data = '{"backend": "one"}'`));
    for (const sql of ROWS.flatMap(([, ...sql]) => sql)) await database.exec(sql);
    const before = await database.dump();
    const [code, report] = await reportOf(shell, STORES);
    assert.deepEqual(found(report), ROWS.map(([text]) => text).sort());
    assert.equal(code, 8);
    assert.deepEqual(report.findings.find(({ code }) => code === "killed_images")?.examples, ["k"]);
    assert.deepEqual(
      report.findings.map(({ weight }) => weight),
      report.findings.map(({ weight }) => weight)
        .toSorted((a, b) => "bwdn".indexOf(a[0]!) - "bwdn".indexOf(b[0]!)),
    );
    assert.deepEqual(await database.dump(), before);

    const [, text] = await db(AGAINST, STORES);
    assert.match(text, /^(MariaDB|SQLite).*, revision 2024_1_contract01, \d+ images\nIN THE WAY: /);
    assert.match(
      text,
      /\nNOT FINISHED: images are being uploaded, staged or imported \(2\)\n {2}i, s\n {2}-> Wait/,
    );
    assert.match(text, /\noneglance cannot take over yet\.$/);
  }));

Deno.test("db check --against-glance: the key of the locations", () =>
  withShell(async (shell) => {
    const sealed = locationCipher(KEY).encrypt("file:///sealed");
    await shell.database.exec(image("a"));
    await shell.database.exec(location(sealed));
    await shell.database.exec(location("file:///clear"));
    const with_ = async (key: string) => {
      const [code, report] = await reportOf(shell, `metadata_encryption_key = ${key}\n${STORES}`);
      return [code, ...found(report)];
    };
    assert.deepEqual(await with_(KEY), [7, "differs clear_beside_encrypted 1"]);
    assert.deepEqual(await with_("another key here"), [
      8,
      "blocks encrypted_with_other_key 1",
      "differs clear_beside_encrypted 1",
    ]);
  }));

Deno.test("db check --against-glance: one store the old way", () =>
  withShell(async (shell) => {
    await shell.database.exec(image("a"));
    await shell.database.exec(location("file:///a"));
    await shell.database.exec(location("http://host/a"));
    const single = (stores: string) => reportOf(shell, `[glance_store]\nstores = ${stores}`);
    assert.deepEqual(
      (await single("file,http")).map((part) => typeof part === "number" ? part : found(part)),
      [
        0,
        [],
      ],
    );
    assert.deepEqual(found((await single("file"))[1]), ["blocks no_store_for_http 1"]);
  }));

Deno.test("db check --against-glance: revisions, and words that it does not know", () =>
  withShell(async (shell) => {
    const { database, db } = shell;
    await database.exec("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)");
    const at = async (...revisions: string[]) => {
      await database.exec("DELETE FROM alembic_version");
      for (const each of revisions) await database.exec(`INSERT INTO alembic_version VALUES ('${each}')`);
      const [code, { findings }] = await reportOf(shell, STORES);
      return [code, findings.map(({ code }) => code), findings[0]?.what];
    };
    assert.match(
      String(await at("zed_contract01", "2023_1_expand01")),
      /^8,revision,.*middle of a rolling upgrade/,
    );
    assert.match(String(await at("rocky_contract02")), /^8,revision,.*older than Train/);
    assert.match(String(await at("2031_1_contract01")), /^8,revision,.*does not know/);
    assert.equal((await db([...AGAINST, "--jsn"]))[0], 2);
    assert.equal((await db(["check", "--json"]))[0], 2);
  }, { empty: true }));

Deno.test({
  name: "db check --against-glance: tables of MariaDB that somebody has changed",
  ignore: !ON_MARIADB,
  fn: () =>
    withShell(async (shell) => {
      const { database } = shell;
      const findings = async () => found((await reportOf(shell, STORES))[1]);
      const changes: [found: string[], sql: string, undo: string][] = [
        [
          ["blocks missing_columns 1"],
          "ALTER TABLE images DROP COLUMN virtual_size",
          "ALTER TABLE images ADD COLUMN virtual_size BIGINT",
        ],
        [
          ["blocks strange_columns 1"],
          "ALTER TABLE images ADD COLUMN strange INT NOT NULL",
          "ALTER TABLE images DROP COLUMN strange",
        ],
        [[], "ALTER TABLE images ADD COLUMN strange INT", "ALTER TABLE images DROP COLUMN strange"],
        [
          ["blocks upgrade_triggers 1", "note triggers 1"],
          "CREATE TRIGGER insert_visibility BEFORE INSERT ON images FOR EACH ROW SET @a = 1;" +
          "CREATE TRIGGER mine BEFORE INSERT ON images FOR EACH ROW SET @a = 1",
          "DROP TRIGGER insert_visibility; DROP TRIGGER mine",
        ],
        [
          ["blocks not_innodb 1"],
          "ALTER TABLE cached_images DROP FOREIGN KEY cached_images_ibfk_1; ALTER TABLE cached_images ENGINE=MyISAM",
          "ALTER TABLE cached_images ENGINE=InnoDB",
        ],
        [
          ["note mixed_collations 15"],
          "ALTER TABLE cached_images CONVERT TO CHARACTER SET utf8mb4",
          "ALTER TABLE cached_images CONVERT TO CHARACTER SET utf8",
        ],
        [["note sync 1"], "DELETE FROM oneglance_schema WHERE version > 1", "SELECT 1"],
      ];
      for (const [wanted, sql, undo] of changes) {
        await database.exec(sql);
        assert.deepEqual(await findings(), wanted, sql);
        await database.exec(undo);
      }
    }),
});
