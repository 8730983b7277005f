import assert from "node:assert/strict";
import type { Database } from "../../db/database.ts";
import type { ImageListQuery, ListCondition, SortKey, Viewer } from "../../db/records.ts";
import { isError } from "../../src/errors.ts";
import { giveLocation } from "../support/give_location.ts";
import { expectedIds, type Stored } from "../support/list_oracle.ts";
import {
  ADMIN,
  everyPage,
  listQuery,
  makeImage,
  newImage,
  project,
  withDatabase,
} from "../support/temp_database.ts";
import { ON_MARIADB } from "../support/test_database.ts";

const PROJECTS = ["p1", "p2", "p3"];
const VIEWERS: Viewer[] = [
  ADMIN,
  { isAdmin: true, projectId: "p1" },
  ...PROJECTS.map(project),
  project(null),
];

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 65536) % below;
  };
}

/** Images of every visibility, owner, status and with few different values, so that there are many ties. */
async function fill(db: Database, count: number): Promise<Stored[]> {
  const next = numbers(42);
  const pick = <T>(values: readonly T[]): T => values[next(values.length)]!;
  const all: Stored[] = [];
  for (let i = 0; i < count; i++) {
    const made = await makeImage(
      db,
      newImage({
        name: pick([null, "", "a", "b", "ö"]),
        owner: pick([null, ...PROJECTS]),
        visibility: pick(["public", "private", "shared", "community"]),
        size: pick([null, 0, 5, 10, 2 ** 33]),
        disk_format: pick([null, "raw", "qcow2"]),
        container_format: pick([null, "bare"]),
        min_ram: pick([0, 512]),
        protected: pick([true, false]),
        os_hidden: next(6) === 0,
        properties: next(3) === 0 ? { os: pick(["linux", "bsd"]), empty: "" } : {},
        tags: pick([[], ["x"], ["x", "y"]]),
      }),
    );
    let image = made;
    const members: Stored["members"] = {};
    for (const member of PROJECTS.filter(() => next(3) === 0)) {
      await db.write.members.add({ imageId: made.id, member, quota: -1 });
      const status = pick(["pending", "accepted", "rejected"] as const);
      await db.write.members.setStatus({ imageId: made.id, member, status });
      members[member] = status;
    }
    const to = pick(["queued", "active", "killed", "deactivated"] as const);
    if (to !== "queued") {
      const moved = await db.write.images.transition({ id: made.id, from: ["queued"], to, limit: null });
      if (moved.outcome === "done") image = moved.image;
    }
    if (next(10) === 0) {
      const deleted = await db.write.images.delete({ id: made.id, to: pick(["deleted", "pending_delete"]) });
      if (deleted.outcome === "done") image = deleted.image;
    }
    all.push({ image, members });
  }
  return all;
}

async function same(db: Database, all: Stored[], query: ImageListQuery): Promise<number> {
  const expected = expectedIds(all, query);
  const pages = await everyPage(db, query);
  assert.deepEqual(pages.map(({ id }) => id), expected, JSON.stringify(query));
  return expected.length;
}

const KEYS: SortKey[] = [
  "name",
  "status",
  "container_format",
  "disk_format",
  "size",
  "id",
  "created_at",
  "updated_at",
];

function sorted(...first: ImageListQuery["sort"]): ImageListQuery["sort"] {
  const tie = first.length === 1 ? first[0]!.dir : "desc";
  const rest = (["created_at", "id"] as const).filter((key) => !first.some((one) => one.key === key));
  return [...first, ...rest.map((key) => ({ key, dir: tie }))];
}

Deno.test("lists hold what the specification says, each row once over all pages", () =>
  withDatabase(async (db) => {
    const all = await fill(db, 240);
    const middle = all[120]!.image;
    let rows = 0;
    for (const viewer of VIEWERS) {
      for (const visibility of [undefined, "public", "private", "shared", "community", "all"] as const) {
        rows += await same(db, all, listQuery(viewer, { visibility, limit: 7 }));
        for (const memberStatus of ["pending", "rejected", "all"] as const) {
          rows += await same(db, all, listQuery(viewer, { visibility, memberStatus, limit: 50 }));
        }
        rows += await same(db, all, listQuery(viewer, { visibility, osHidden: true, limit: 5 }));
      }
      for (const key of KEYS) {
        for (const dir of ["asc", "desc"] as const) {
          rows += await same(db, all, listQuery(viewer, { sort: sorted({ key, dir }), limit: 9 }));
        }
        const mixed = sorted({ key, dir: "asc" }, { key: key === "name" ? "size" : "name", dir: "desc" });
        rows += await same(db, all, listQuery(viewer, { sort: mixed, limit: 9 }));
      }
      const filters: ListCondition[][] = [
        [{ kind: "none" }],
        [{ kind: "in", column: "name", values: ["a"] }],
        [{ kind: "in", column: "name", values: ["a", "ö", ""] }],
        [{ kind: "in", column: "name", values: [] }],
        [{ kind: "in", column: "id", values: [middle.id, all[3]!.image.id, "absent"] }],
        [{ kind: "in", column: "status", values: ["active"] }],
        [{ kind: "in", column: "status", values: ["killed", "deleted", "pending_delete"] }],
        [{ kind: "in", column: "owner", values: ["p2"] }],
        [{ kind: "in", column: "protected", values: [true] }],
        [{ kind: "in", column: "size", values: [0] }],
        [{ kind: "in", column: "visibility", values: ["shared"] }],
        [{ kind: "in", column: "disk_format", values: ["raw", "qcow2"] }],
        [{ kind: "in", column: "checksum", values: ["nothing"] }],
        [{ kind: "range", column: "size", min: 0, max: 5 }],
        [{ kind: "range", column: "size", min: 6 }],
        [{ kind: "range", column: "min_ram", max: 511 }],
        [{ kind: "range", column: "virtual_size", min: 0 }],
        [{ kind: "property", name: "os", value: "linux" }],
        [{ kind: "property", name: "empty", value: "" }],
        [{ kind: "property", name: "os", value: "none" }],
        [{ kind: "tag", value: "x" }, { kind: "tag", value: "y" }],
        [{ kind: "tag", value: "y" }, { kind: "property", name: "os", value: "bsd" }],
        ...(["gt", "gte", "lt", "lte", "eq", "neq"] as const).flatMap((op): ListCondition[][] => [
          [{ kind: "time", column: "created_at", op, value: middle.created_at }],
          [{ kind: "time", column: "updated_at", op, value: middle.updated_at }],
        ]),
      ];
      for (const conditions of filters) {
        rows += await same(db, all, listQuery(viewer, { conditions, limit: 11 }));
        const sort = sorted({ key: "name", dir: "asc" });
        rows += await same(db, all, listQuery(viewer, { conditions, sort, limit: 11 }));
      }
    }
    assert.ok(rows > 10_000, `only ${rows} rows were compared`);
  }));

Deno.test("a page is whole: properties, tags and locations of each image", () =>
  withDatabase(async (db) => {
    const { id } = await makeImage(db, newImage({ properties: { a: "1", b: '"' }, tags: ["t", "s"] }));
    await giveLocation(db, { id, url: "file:///x", metadata: { store: "s" } });
    const [image] = await db.read.images.list(listQuery(ADMIN));
    assert.deepEqual(image, await db.read.images.show({ id, viewer: ADMIN }));
    assert.deepEqual(await db.read.images.list(listQuery(ADMIN, { limit: 0 })), []);
    const unknown = db.read.images.list(listQuery(ADMIN, { marker: "unknown" }));
    await assert.rejects(unknown, (error) => isError(error, "bad_request"));
  }));

// MariaDB keeps whole seconds of these times: images of one second list by their ids, as with Glance.
Deno.test({
  name: "images list in the order of their creation, also when made at once",
  ignore: ON_MARIADB,
  fn: () =>
    withDatabase(async (db) => {
      const made = await Promise.all(Array.from({ length: 50 }, () => makeImage(db, newImage())));
      const times = made.map(({ created_at }) => created_at);
      assert.deepEqual(times, [...new Set(times)].sort());
      const listed = await everyPage(db, listQuery(ADMIN, { limit: 20 }));
      assert.deepEqual(listed.map(({ id }) => id), made.map(({ id }) => id).reverse());
    }),
});
