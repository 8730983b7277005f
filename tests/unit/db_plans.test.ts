/** Which index each query uses: a query that passes over a whole table must not come back unnoticed. */
import assert from "node:assert/strict";
import type { Conn } from "../../db/conn.ts";
import { EmbeddedConn } from "../../db/engines/embedded.ts";
import { migrateFile, prepareFile } from "../../db/engines/open_file.ts";
import { listImages } from "../../db/tables/image_list.ts";
import { liveImage, readImage } from "../../db/tables/image_row.ts";
import { readMembers } from "../../db/tables/members.ts";
import { readUsage, readUsed } from "../../db/tables/usage.ts";
import type { ImageListQuery, ListCondition, SortKey } from "../../db/records.ts";
import { createImage } from "../../db/tables/images.ts";
import { ADMIN, listQuery, newImage, project } from "../support/temp_database.ts";

interface Explained {
  sql: string;
  steps: string[];
}

/** Runs `action` on a connection that also explains every statement. */
async function explained(action: (conn: Conn, markerId: string) => Promise<void>): Promise<Explained[]> {
  const directory = await Deno.makeTempDir();
  const path = prepareFile(`${directory}/g.sqlite`, { create: true, force: false });
  await migrateFile(path);
  const real = new EmbeddedConn(path, 1000);
  try {
    const { id } = newImage();
    await createImage(real, { ...newImage({ id, visibility: "public" }), limit: null });
    const found: Explained[] = [];
    const explain = (sql: string, params: Parameters<Conn["all"]>[1]) => {
      const rows = real.all(`EXPLAIN QUERY PLAN ${sql}`, params);
      found.push({ sql, steps: rows.map((row) => String(row.detail)) });
    };
    const conn: Conn = {
      all: (sql, params) => (explain(sql, params), real.all(sql, params)),
      one: (sql, params) => (explain(sql, params), real.one(sql, params)),
      unseal: real.unseal,
      dialect: real.dialect,
    };
    await action(conn, id);
    return found;
  } finally {
    real.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Steps that read a table from end to end without an index; rows of subqueries are not a table. */
function scans({ steps }: Explained): string[] {
  return steps.filter((step) =>
    /^SCAN (?!(page|few)$|\(subquery|CONSTANT)/.test(step) &&
    !/USING .*INDEX (oneglance_|sqlite_autoindex_images_1$)/.test(step)
  );
}

function refuseScans(all: readonly Explained[]): void {
  for (const one of all) assert.deepEqual(scans(one), [], `${one.sql}\n${one.steps.join("\n")}`);
}

const KEYS: SortKey[] = [
  "name",
  "status",
  "container_format",
  "disk_format",
  "size",
  "created_at",
  "updated_at",
];
const CONDITIONS: ListCondition[] = [
  { kind: "in", column: "name", values: ["x"] },
  { kind: "in", column: "status", values: ["active"] },
  { kind: "in", column: "owner", values: ["p", "q"] },
  { kind: "in", column: "checksum", values: ["x"] },
  { kind: "in", column: "os_hash_value", values: ["x"] },
  { kind: "in", column: "id", values: ["x"] },
  { kind: "in", column: "protected", values: [true] },
  { kind: "range", column: "size", min: 1, max: 5 },
  { kind: "time", column: "updated_at", op: "gte", value: "2024" },
  { kind: "time", column: "created_at", op: "lt", value: "2024" },
  { kind: "property", name: "os", value: "x" },
  { kind: "tag", value: "x" },
];

Deno.test("the guard sees a scan", async () => {
  const all = await explained(async (conn) => {
    await conn.all("SELECT id FROM images WHERE min_ram = 5");
  });
  assert.throws(() => refuseScans(all));
});

Deno.test("no list passes over a whole table", async () => {
  let queries = 0;
  refuseScans(
    await explained(async (conn, marker) => {
      const run = async (query: ImageListQuery) => {
        await listImages(conn, query);
        await listImages(conn, { ...query, marker });
        queries += 2;
      };
      for (const viewer of [ADMIN, project("p"), project(null)]) {
        for (const visibility of [undefined, "all", "public", "private", "shared", "community"] as const) {
          await run(listQuery(viewer, { visibility }));
        }
        for (const key of KEYS) {
          for (const dir of ["asc", "desc"] as const) {
            await run(
              listQuery(viewer, { sort: [{ key, dir }, { key: "created_at", dir }, { key: "id", dir }] }),
            );
          }
        }
        for (const condition of CONDITIONS) await run(listQuery(viewer, { conditions: [condition] }));
      }
    }),
  );
  assert.equal(queries, 2 * 3 * (6 + 2 * KEYS.length + CONDITIONS.length));
});

Deno.test("the default list walks its indexes in order, from the marker on, without sorting more than pages", async () => {
  const [, one] = await explained(async (conn, marker) => {
    await listImages(conn, listQuery(ADMIN, { marker }));
  });
  assert.ok(one);
  assert.ok(
    one.steps.includes(
      "SEARCH i USING INDEX oneglance_images_created (os_hidden=? AND (created_at,id)<(?,?))",
    ),
  );
  // One sort of the page inside, and one outside: none before the limit of the part.
  const before = one.steps.slice(0, one.steps.findIndex((step) => step.startsWith("SCAN (subquery")));
  assert.deepEqual(before.filter((step) => /TEMP B-TREE/.test(step)), []);
  const [, mine] = await explained(async (conn, marker) => {
    await listImages(conn, listQuery(project("p"), { visibility: "private", marker }));
  });
  assert.ok(
    mine?.steps.some((step) =>
      /oneglance_images_owner \(os_hidden=\? AND owner=\? AND \(created_at,id\)/.test(step)
    ),
  );
});

Deno.test("one image, its members and a project's usage are found by index, one image by one query", async () => {
  const all = await explained(async (conn, id) => {
    await readImage(conn, { id, viewer: project("p") });
    await readImage(conn, { id, viewer: ADMIN });
    await liveImage(conn, id);
    await readMembers(conn, { imageId: id });
    await readMembers(conn, { imageId: id, member: "m" });
    await readUsage(conn, { owner: "p" });
    await readUsed(conn, { resource: "image_size_total", owner: null });
  });
  assert.equal(all.length, 7);
  refuseScans(all);
  const wrong = all.flatMap(({ steps }) => steps.filter((step) => /_deleted \(/.test(step)));
  assert.deepEqual(wrong, [], "the index on deleted holds almost every row");
});
