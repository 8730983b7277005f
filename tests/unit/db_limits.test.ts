import assert from "node:assert/strict";
import type { Database } from "../../db/database.ts";
import { openDatabase } from "../../db/open.ts";
import type { ImageStatus, UsageLimit, UsageRecord } from "../../db/records.ts";
import { makeImage, newImage, withDatabase, WRITER_URL } from "../support/temp_database.ts";

const limit = (resource: keyof UsageRecord, max: number, add = 1): UsageLimit => ({
  resource,
  owner: "p1",
  add,
  max,
});

/** An image of p1 that is brought to a status, with size and locations. */
async function make(db: Database, to: ImageStatus, size: number | null, locations = 1, more = {}) {
  const { id } = await makeImage(db, newImage({ owner: "p1", status: "queued", size, ...more }));
  const addLocations = Array.from(
    { length: locations },
    (_, at) => ({ url: `file:///${id}/${at}`, metadata: {} }),
  );
  await db.write.images.transition({ id, from: ["queued"], to, addLocations, limit: null });
  return id;
}

Deno.test("usage: what counts, and what does not", () =>
  withDatabase(async (db) => {
    await make(db, "active", 10);
    await make(db, "active", 100, 2);
    await make(db, "deactivated", 1000);
    await make(db, "queued", null, 0);
    await make(db, "saving", null, 0);
    await make(db, "uploading", 5, 0);
    await make(db, "importing", 50, 0);
    await make(db, "killed", 7);
    await make(db, "active", 20, 1, { properties: { os_glance_importing_to_stores: "fast" } });
    await make(db, "active", 30, 1, { properties: { os_glance_importing_to_stores: "" } });
    await make(db, "active", 9999, 1, { owner: "p2" });
    const gone = await make(db, "active", 9999);
    await db.write.images.delete({ id: gone, to: "deleted" });
    const going = await make(db, "active", 9999);
    await db.write.images.delete({ id: going, to: "pending_delete" });
    assert.deepEqual(await db.read.usage.all({ owner: "p1" }), {
      image_size_total: 10 + 200 + 1000 + 20 + 30,
      image_stage_total: 5 + 50 + 20,
      image_count_total: 9,
      image_count_uploading: 4,
    });
    assert.equal(await db.read.usage.one({ resource: "image_size_total", owner: "p1" }), 1260);
    assert.deepEqual(await db.read.usage.all({ owner: null }), {
      image_size_total: 0,
      image_stage_total: 0,
      image_count_total: 0,
      image_count_uploading: 0,
    });
  }));

Deno.test("a write within its limit is done, over it is not, and the image itself does not count twice", () =>
  withDatabase(async (db) => {
    await make(db, "active", 10);
    const image = newImage({ owner: "p1", status: "queued" });
    assert.deepEqual(await db.write.images.create({ ...image, limit: limit("image_count_total", 1) }), {
      outcome: "over",
      used: 1,
    });
    assert.equal(
      (await db.write.images.create({ ...image, limit: limit("image_count_total", 2) })).outcome,
      "done",
    );
    const change = { id: image.id, from: ["queued" as const], to: "active" as const, columns: { size: 5 } };
    const addLocations = [{ url: "file:///x", metadata: {} }];
    const size = (max: number) => ({
      ...change,
      addLocations,
      limit: limit("image_size_total", max, 5),
    });
    assert.deepEqual(await db.write.images.transition(size(14)), { outcome: "over", used: 10 });
    const row = await db.read.images.show({ id: image.id, viewer: { isAdmin: true, projectId: null } });
    assert.deepEqual([row?.status, row?.size, row?.locations], ["queued", null, []]);
    assert.equal((await db.write.images.transition(size(15))).outcome, "done");
    // Active now: its own five bytes are left out.
    const again = { ...size(15), from: ["active" as const], addLocations: [] };
    assert.equal((await db.write.images.transition(again)).outcome, "done");
  }));

Deno.test("an image that cannot change at all gets that error, not the one of the limit", () =>
  withDatabase(async (db) => {
    const id = await make(db, "saving", null, 0);
    const over = limit("image_count_uploading", 0);
    const change = { id, from: ["queued" as const], to: "saving" as const };
    assert.deepEqual(await db.write.images.transition({ ...change, limit: over }), {
      outcome: "status",
      status: "saving",
    });
    await db.write.images.delete({ id, to: "deleted" });
    assert.deepEqual(await db.write.images.transition({ ...change, limit: over }), { outcome: "gone" });
  }));

Deno.test("two writers of one database do not pass a limit together", () =>
  withDatabase(async (db, { connection }) => {
    const other = await openDatabase({
      connection,
      writerUrl: WRITER_URL,
      sync: "require",
    });
    try {
      const images = await Promise.all(Array.from({ length: 50 }, () => make(db, "saving", null, 0)));
      const results = await Promise.all(images.map((id, at) =>
        (at % 2 ? db : other).write.images.transition({
          id,
          from: ["saving"],
          to: "active",
          columns: { size: 10 },
          addLocations: [{ url: `file:///${id}`, metadata: {} }],
          limit: limit("image_size_total", 79, 10),
        })
      ));
      assert.equal(
        results.filter(({ outcome }) => outcome === "done").length,
        7,
      );
      assert.equal(results.filter(({ outcome }) => outcome === "over").length, 43);
      assert.equal(await db.read.usage.one({ resource: "image_size_total", owner: "p1" }), 70);
    } finally {
      await other.close();
    }
  }));
