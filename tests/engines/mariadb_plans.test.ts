/** Which index each query uses on MariaDB: one that passes over, or sorts, a whole table must not come back unnoticed. */
import assert from "node:assert/strict";
import type { Row, Value, WriteConn } from "../../db/conn.ts";
import { parseConnection } from "../../db/connection.ts";
import { withMariadb } from "../../db/engines/mariadb.ts";
import { syncDatabase } from "../../db/manage.ts";
import type { ImageListQuery, ListCondition, SortKey } from "../../db/records.ts";
import { listImages } from "../../db/tables/image_list.ts";
import { readImage } from "../../db/tables/image_row.ts";
import { changeImage, deleteImage } from "../../db/tables/images.ts";
import { addMember, readMembers, removeMember } from "../../db/tables/members.ts";
import { readStranded } from "../../db/tables/stranded.ts";
import { addTag, removeTag } from "../../db/tables/tags.ts";
import { listTasks } from "../../db/tables/tasks.ts";
import { readUsage, readUsed } from "../../db/tables/usage.ts";
import { missing } from "../support/installed.ts";
import { ADMIN, listQuery, project } from "../support/temp_database.ts";
import { MARIADB_COMMANDS, startMariadb } from "./mariadb.ts";

/** Images, so that a table read from end to end looks dearer than any index. */
const IMAGES = 20_000;
/** Entries that a look at an index may count, with room for the planner's guess. */
const FEW = 2_000;

const FILL = [
  `INSERT INTO images (id, name, status, size, created_at, updated_at, deleted, min_disk, min_ram, visibility, owner,
     disk_format, container_format, protected, os_hidden, checksum, os_hash_value)
   SELECT concat(lpad(hex(seq), 8, '0'), '-0000-4000-8000-000000000000'), concat('image ', seq % 5000),
     if(seq % 20 = 0, 'queued', 'active'), seq * 1000, '2024-01-01' + INTERVAL seq SECOND,
     '2024-01-01' + INTERVAL seq + seq % 1000 SECOND, seq % 50 = 0, 1, 512,
     elt(1 + seq % 10, 'public', 'private', 'private', 'private', 'shared', 'shared', 'private', 'community',
       'private', 'private'),
     concat('p', seq % 50), elt(1 + seq % 3, 'qcow2', 'raw', 'iso'), 'bare', 0, seq % 100 = 7, md5(seq), sha2(seq, 512)
   FROM seq_1_to_${IMAGES}`,
  `INSERT INTO image_properties (image_id, name, value, created_at, deleted)
   SELECT id, 'os', if(owner = 'p7', 'rare', 'linux'), created_at, 0 FROM images`,
  `INSERT INTO image_tags (image_id, value, created_at, deleted) SELECT id, 'prod', created_at, 0 FROM images`,
  `INSERT INTO image_locations (image_id, value, meta_data, created_at, deleted, status)
   SELECT id, concat('file:///', id), '{}', created_at, 0, 'active' FROM images WHERE status = 'active'`,
  `INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted)
   SELECT id, concat('p', crc32(id) % 50), 0, elt(1 + crc32(id) % 3, 'accepted', 'pending', 'rejected'), created_at, 0
   FROM images WHERE visibility = 'shared'`,
  `INSERT INTO tasks (id, type, status, owner, created_at, updated_at, deleted, image_id)
   SELECT id, 'api_image_import', 'success', owner, created_at, created_at, 0, id FROM images`,
  "ANALYZE TABLE images, image_properties, image_tags, image_locations, image_members, tasks",
];

/** A statement that costs more with more images, and what EXPLAIN says of it. */
interface Costly {
  sql: string;
  step: Row;
}

/** Tables that grow with the number of images; `i` and the like are what queries call them. */
const isLarge = ({ table }: Row) =>
  table !== null && !/^(<|page$|few$|oneglance_|metadef_)/.test(String(table));

function isCostly(step: Row): boolean {
  if (!isLarge(step)) return false;
  const many = Number(step.rows) > FEW;
  // A list in the order of the ids walks the primary key until its page is full.
  const walksToLimit = step.type === "index" && step.key === "PRIMARY" &&
    !/filesort|temporary/.test(String(step.Extra));
  return many && !walksToLimit &&
    (step.type === "ALL" || step.type === "index" || /filesort|temporary/.test(String(step.Extra)));
}

/** The connection, which also explains each statement; what is costly is added to `found`. */
function explaining(conn: WriteConn, found: Costly[]): WriteConn {
  const explain = async (sql: string, params: readonly Value[] = []) => {
    if (!/^\s*(SELECT|UPDATE|DELETE)/.test(sql)) return;
    const steps = await conn.all(`EXPLAIN ${sql}`, params);
    found.push(...steps.filter(isCostly).map((step) => ({ sql, step })));
  };
  return {
    ...conn,
    dialect: conn.dialect,
    now: () => conn.now(),
    unseal: (stored) => conn.unseal(stored),
    seal: (url) => conn.seal(url),
    wants: () => true,
    guard: null,
    emitted: false,
    all: async (sql, params) => (await explain(sql, params), await conn.all(sql, params)),
    one: async (sql, params) => (await explain(sql, params), await conn.one(sql, params)),
    run: async (sql, params) => (await explain(sql, params), await conn.run(sql, params)),
  };
}

/** Runs `action` on a filled database, and returns what was costly. */
async function costly(conn: WriteConn, action: (conn: WriteConn) => Promise<unknown>): Promise<string[]> {
  const found: Costly[] = [];
  await action(explaining(conn, found));
  return found.map(({ sql, step }) => `${JSON.stringify(step)}\n${sql}`);
}

const KEYS: SortKey[] = [
  "name",
  "status",
  "container_format",
  "disk_format",
  "size",
  "created_at",
  "updated_at",
  "id",
];

const CONDITIONS: ListCondition[] = [
  { kind: "in", column: "name", values: ["image 7"] },
  { kind: "in", column: "status", values: ["active"] },
  { kind: "in", column: "owner", values: ["p1", "p2"] },
  { kind: "in", column: "disk_format", values: ["qcow2"] },
  { kind: "in", column: "checksum", values: ["x"] },
  { kind: "in", column: "os_hash_value", values: ["x"] },
  { kind: "in", column: "id", values: ["x"] },
  { kind: "in", column: "protected", values: [true] },
  { kind: "range", column: "size", min: 1, max: 5 },
  { kind: "time", column: "updated_at", op: "gte", value: "2024-01-01 00:00:00" },
  { kind: "time", column: "created_at", op: "lt", value: "2024-01-01 00:00:10" },
  { kind: "property", name: "os", value: "linux" },
  { kind: "property", name: "os", value: "rare" },
  { kind: "tag", value: "prod" },
];

function* lists(marker: string): Generator<ImageListQuery> {
  for (const viewer of [ADMIN, project("p7"), project(null)]) {
    const queries = [
      ...([undefined, "all", "public", "private", "shared", "community"] as const).map((visibility) => ({
        visibility,
      })),
      ...KEYS.flatMap((key) =>
        (["asc", "desc"] as const).map((dir) => ({
          sort: [key, ...(["created_at", "id"] as const).filter((other) => other !== key)]
            .map((key) => ({ key, dir })),
        }))
      ),
      {
        sort: [
          { key: "name", dir: "asc" },
          { key: "size", dir: "desc" },
          { key: "created_at", dir: "desc" },
          { key: "id", dir: "desc" },
        ],
      } satisfies Partial<ImageListQuery>,
      ...CONDITIONS.map((condition) => ({ conditions: [condition] })),
    ];
    for (const query of queries) {
      yield listQuery(viewer, query);
      yield listQuery(viewer, { ...query, marker });
    }
  }
}

/** What requests and jobs do to one image, and read beside lists. */
async function otherQueries(conn: WriteConn, id: string): Promise<void> {
  for (const viewer of [ADMIN, project("p7")]) await readImage(conn, { id, viewer });
  await readUsage(conn, { owner: "p7" });
  await readUsed(conn, { resource: "image_count_total", owner: "p7" });
  await readUsed(conn, { resource: "image_size_total", owner: null });
  await addMember(conn, { imageId: id, member: "new", quota: -1 });
  await readMembers(conn, { imageId: id });
  await removeMember(conn, { imageId: id, member: "new" });
  await addTag(conn, { id, tag: "new", quota: -1 });
  await removeTag(conn, { id, tag: "new" });
  await changeImage(conn, {
    id,
    columns: { name: "other" },
    setProperties: { a: "b" },
    removeProperties: ["os"],
  });
  await readStranded(conn, { seconds: 3600 });
  await listTasks(conn, { filters: {}, sort: { key: "created_at", dir: "desc" }, limit: 25, owner: "p7" });
  await deleteImage(conn, { id, to: "deleted" });
}

Deno.test({
  name: "no query passes over, or sorts, a whole table of MariaDB",
  ignore: missing(...MARIADB_COMMANDS),
  async fn(t) {
    await using server = await startMariadb();
    const [url] = server.urls;
    const on = <T>(name: string, action: (conn: WriteConn) => Promise<T>) => {
      const target = parseConnection(`${url}${name}`);
      if (target.kind !== "mariadb") throw new Error("not the URL of a MariaDB");
      return withMariadb(target, action);
    };
    await on("mysql", (conn) => Promise.resolve(conn.run("CREATE DATABASE plans CHARACTER SET utf8mb3")));
    await syncDatabase(`${url}plans`);
    await on("plans", async (conn) => {
      for (const statement of FILL) await conn.run(statement);
      const marker = String(
        (await conn.one(
          "SELECT id FROM images WHERE deleted = 0 AND visibility = 'public' ORDER BY created_at LIMIT 1 OFFSET 300",
        ))!.id,
      );
      await t.step("the guard sees a scan and a sort", async () => {
        const scan = (conn: WriteConn) =>
          Promise.resolve(conn.all("SELECT id FROM images WHERE min_ram = 5 LIMIT 1"));
        assert.equal((await costly(conn, scan)).length, 1);
        const sort = (conn: WriteConn) =>
          Promise.resolve(conn.all("SELECT id FROM images WHERE deleted = 0 ORDER BY min_ram LIMIT 1"));
        assert.equal((await costly(conn, sort)).length, 1);
      });
      await t.step("lists", async () => {
        for (const query of lists(marker)) {
          const found = await costly(conn, (conn) => listImages(conn, query));
          assert.deepEqual(found, [], JSON.stringify(query));
        }
      });
      await t.step("what requests and jobs do to one image", async () => {
        assert.deepEqual(await costly(conn, (conn) => otherQueries(conn, marker)), []);
      });
    });
  },
});
