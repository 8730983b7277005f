import assert from "node:assert/strict";
import { isError } from "../../src/errors.ts";
import { giveLocation } from "../support/give_location.ts";
import { ADMIN, makeImage, newImage, project, withDatabase, WRITER_URL } from "../support/temp_database.ts";
import { openDatabase } from "../../db/open.ts";
import { ON_MARIADB } from "../support/test_database.ts";

const MICROSECONDS = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;
/** As MariaDB keeps the times of Glance's columns. */
const SECONDS = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** Within one second, two times of MariaDB are the same. */
function assertLater(time: string, before: string): void {
  assert.ok(ON_MARIADB ? time >= before : time > before, `${time} is not later than ${before}`);
}

Deno.test("an image that was created is there with all that it was given", () =>
  withDatabase(async (db) => {
    const input = newImage({
      name: "ünï ☃",
      owner: "p1",
      size: 2 ** 40,
      protected: true,
      os_hidden: false,
      properties: { b: "2", a: "", n: null, __proto__x: "y" },
      tags: ["z", "a", "z"],
    });
    const made = await makeImage(db, input);
    assert.deepEqual(made.tags, ["z", "a"]);
    assert.equal(made.status, "queued");
    assert.equal(made.visibility, "shared");
    assert.match(made.created_at, ON_MARIADB ? SECONDS : MICROSECONDS);
    assert.deepEqual(await db.read.images.show({ id: input.id, viewer: ADMIN }), made);
    assert.deepEqual(Object.keys(made.properties), ["b", "a", "n", "__proto__x"]);
    assert.equal(made.protected, true);
    assert.equal(made.os_hidden, false);
  }));

Deno.test("an id is used once, also after the image was deleted", () =>
  withDatabase(async (db) => {
    const input = newImage();
    await makeImage(db, input);
    const twice = (error: unknown) =>
      isError(error, "conflict") && error.message === `Image ID ${input.id} already exists!`;
    await assert.rejects(makeImage(db, input), twice);
    await db.write.images.delete({ id: input.id, to: "deleted" });
    await assert.rejects(makeImage(db, input), twice);
  }));

Deno.test("a change writes only what it names", () =>
  withDatabase(async (db) => {
    const { id, updated_at } = await makeImage(
      db,
      newImage({ name: "n", min_ram: 5, owner: "p", properties: { a: "1", b: "2" }, tags: ["x", "y"] }),
    );
    await db.write.images.transition({ id, from: ["queued"], to: "active", limit: null });
    const changed = await db.write.images.change({
      id,
      columns: { name: null, protected: true, ...{ status: "queued" } },
      setProperties: { c: "3", a: "9" },
      removeProperties: ["b"],
    });
    assert.equal(changed?.name, null);
    assert.equal(changed?.status, "active", "a change never touches the status");
    assert.equal(changed?.min_ram, 5);
    assert.equal(changed?.protected, true);
    assert.deepEqual(changed?.properties, { a: "9", c: "3" });
    assert.deepEqual(changed?.tags, ["x", "y"]);
    assertLater(changed!.updated_at, updated_at);
    const retagged = await db.write.images.change({ id, tags: ["x", "w", "y", "w"] });
    assert.deepEqual(retagged?.tags, ["x", "w", "y"]);
    assert.deepEqual((await db.write.images.change({ id, tags: [] }))?.tags, []);
    assert.equal(await db.write.images.change({ id: "absent", columns: { name: "x" } }), null);
    assert.equal((await db.write.images.change({ id, columns: { owner: "" } }))?.owner, null);
  }));

Deno.test("a property that was removed comes back", () =>
  withDatabase(async (db) => {
    const { id } = await makeImage(db, newImage({ properties: { a: "1", b: "2" } }));
    await db.write.images.change({ id, removeProperties: ["a"] });
    const back = await db.write.images.change({ id, setProperties: { a: "3" } });
    assert.deepEqual(Object.entries(back!.properties), [["a", "3"], ["b", "2"]]);
  }));

Deno.test("who sees an image by its id", () =>
  withDatabase(async (db) => {
    const seen = async (id: string, who: string | null) =>
      await db.read.images.show({ id, viewer: project(who) }) !== null;
    for (const visibility of ["public", "community", "shared", "private"] as const) {
      const { id } = await makeImage(db, newImage({ owner: "own", visibility }));
      const open = visibility === "public" || visibility === "community";
      assert.equal(await seen(id, "own"), true, visibility);
      assert.equal(await seen(id, "other"), open, visibility);
      assert.equal(await seen(id, null), open, visibility);
      assert.ok(await db.read.images.show({ id, viewer: ADMIN }));
      await db.write.members.add({ imageId: id, member: "friend", quota: -1 });
      for (const status of ["pending", "accepted", "rejected"] as const) {
        await db.write.members.setStatus({ imageId: id, member: "friend", status });
        assert.equal(await seen(id, "friend"), open || visibility === "shared", `${visibility} ${status}`);
      }
      await db.write.members.remove({ imageId: id, member: "friend" });
      assert.equal(await seen(id, "friend"), open, `${visibility} after removal`);
    }
    const { id } = await makeImage(db, newImage({ visibility: "private" }));
    assert.equal(await seen(id, "anybody"), true, "an ownerless image");
  }));

Deno.test("a transition happens from the statuses it names, with all it brings, or not at all", () =>
  withDatabase(async (db) => {
    const { id } = await makeImage(db, newImage({ properties: { lock: "1" } }));
    const refused = await db.write.images.transition({
      id,
      from: ["saving"],
      to: "active",
      columns: { size: 1 },
      limit: null,
    });
    assert.deepEqual(refused, { outcome: "status", status: "queued" });
    assert.equal((await db.read.images.show({ id, viewer: ADMIN }))?.size, null);
    const done = await db.write.images.transition({
      id,
      from: ["queued", "saving"],
      to: "active",
      columns: { size: 7, checksum: "abc" },
      addLocations: [{ url: "file:///a", metadata: { store: "x" } }, { url: "file:///b", metadata: {} }],
      setProperties: { p: "1" },
      removeProperties: ["lock"],
      limit: null,
    });
    assert.equal(done.outcome, "done");
    const image = done.outcome === "done" ? done.image : null;
    assert.equal(image?.status, "active");
    assert.equal(image?.size, 7);
    assert.deepEqual(image?.properties, { p: "1" });
    assert.deepEqual(image?.locations.map(({ url, metadata, status }) => ({ url, metadata, status })), [
      { url: "file:///a", metadata: { store: "x" }, status: "active" },
      { url: "file:///b", metadata: {}, status: "active" },
    ]);
    const back = await db.write.images.transition({
      id,
      from: ["active"],
      to: "queued",
      dropLocations: true,
      limit: null,
    });
    assert.deepEqual(back.outcome === "done" && back.image.locations, []);
    assert.deepEqual(
      await db.write.images.transition({ id: "absent", from: ["queued"], to: "active", limit: null }),
      {
        outcome: "gone",
      },
    );
  }));

Deno.test("of many transitions at once one wins", () =>
  withDatabase(async (db) => {
    const { id } = await makeImage(db, newImage());
    const results = await Promise.all(
      Array.from({ length: 20 }, () =>
        db.write.images.transition({ id, from: ["queued"], to: "saving", limit: null })),
    );
    assert.equal(
      results.filter(({ outcome }) =>
        outcome === "done"
      ).length,
      1,
    );
    assert.equal(results.filter(({ outcome }) => outcome === "status").length, 19);
  }));

Deno.test("deletion removes the image and its children, and returns its locations", () =>
  withDatabase(async (db) => {
    const { id } = await makeImage(db, newImage({ properties: { a: "1" }, tags: ["t"], owner: "p" }));
    await db.write.images.transition({
      id,
      from: ["queued"],
      to: "active",
      addLocations: [{ url: "file:///x", metadata: {} }],
      limit: null,
    });
    const deleted = await db.write.images.delete({ id, to: "deleted" });
    assert.equal(deleted.outcome, "done");
    if (deleted.outcome === "done") {
      assert.deepEqual(deleted.image.locations.map(({ url }) => url), ["file:///x"]);
      assert.equal(deleted.image.status, "deleted");
      assert.equal(deleted.image.deleted_at, deleted.image.updated_at);
    }
    assert.equal(await db.read.images.show({ id, viewer: ADMIN }), null);
    assert.deepEqual(await db.write.images.delete({ id, to: "deleted" }), { outcome: "gone" });
    assert.deepEqual(
      await db.write.images.transition({ id, from: ["active", "deleted"], to: "queued", limit: null }),
      {
        outcome: "gone",
      },
    );
    assert.equal(await giveLocation(db, { id, url: "file:///y", metadata: {} }), null);
    assert.deepEqual(await db.write.tags.add({ id, tag: "n", quota: -1 }), { outcome: "gone" });
  }));

Deno.test("locations are added, changed and dropped one by one", () =>
  withDatabase(async (db) => {
    const { id } = await makeImage(db, newImage());
    const added = await giveLocation(db, { id, url: "http://h/a", metadata: { a: [1, { b: true }] } });
    const [location] = added!.locations;
    assert.deepEqual(location?.metadata, { a: [1, { b: true }] });
    await db.write.locations.setMetadata({ id, locationId: location!.id, metadata: { c: null } });
    const read = await db.read.images.show({ id, viewer: ADMIN });
    assert.deepEqual(read?.locations[0], { ...location, metadata: { c: null } });
    const dropped = await db.write.locations.drop({ id, locationId: location!.id, to: "pending_delete" });
    assert.deepEqual(dropped?.locations, []);
  }));

Deno.test("tags: added up to the quota, removed, absent", () =>
  withDatabase(async (db) => {
    const { id, updated_at } = await makeImage(db, newImage({ tags: ["a"] }));
    assert.deepEqual(await db.write.tags.add({ id, tag: "b", quota: 2 }), { outcome: "done" });
    assert.deepEqual(await db.write.tags.add({ id, tag: "c", quota: 2 }), { outcome: "full", attempted: 3 });
    const before = (await db.read.images.show({ id, viewer: ADMIN }))!;
    assert.deepEqual(before.tags, ["a", "b"]);
    assertLater(before.updated_at, updated_at);
    assert.deepEqual(await db.write.tags.add({ id, tag: "b", quota: 2 }), { outcome: "done" });
    assert.deepEqual(await db.write.tags.add({ id, tag: "b", quota: 1 }), { outcome: "full", attempted: 2 });
    assertLater((await db.read.images.show({ id, viewer: ADMIN }))!.updated_at, before.updated_at);
    assert.equal(await db.write.tags.remove({ id, tag: "a" }), "done");
    assert.equal(await db.write.tags.remove({ id, tag: "a" }), "absent");
    assert.equal(await db.write.tags.remove({ id: "absent", tag: "a" }), "gone");
    assert.deepEqual((await db.read.images.show({ id, viewer: ADMIN }))?.tags, ["b"]);
  }));

Deno.test("members: quota, duplicates, answers, revival", () =>
  withDatabase(async (db) => {
    const { id: imageId } = await makeImage(db, newImage());
    const first = await db.write.members.add({ imageId, member: "m", quota: 2 });
    assert.equal(first.outcome === "done" && first.member.status, "pending");
    assert.deepEqual(await db.write.members.add({ imageId, member: "m", quota: 2 }), {
      outcome: "duplicate",
    });
    assert.equal((await db.write.members.add({ imageId, member: "n", quota: 2 })).outcome, "done");
    assert.deepEqual(await db.write.members.add({ imageId, member: "o", quota: 2 }), {
      outcome: "full",
      attempted: 3,
    });
    const accepted = await db.write.members.setStatus({ imageId, member: "m", status: "accepted" });
    assert.equal(accepted?.status, "accepted");
    assert.equal(await db.write.members.setStatus({ imageId, member: "x", status: "accepted" }), null);
    assert.equal(await db.write.members.remove({ imageId, member: "m" }), true);
    assert.equal(await db.write.members.remove({ imageId, member: "m" }), false);
    const again = await db.write.members.add({ imageId, member: "m", quota: 2 });
    assert.equal(again.outcome === "done" && again.member.status, "pending");
    assert.equal(
      again.outcome === "done" && again.member.created_at,
      first.outcome === "done" && first.member.created_at,
      "a revived membership keeps the time of its first one",
    );
    assert.deepEqual((await db.read.members.list({ imageId })).map(({ member }) => member), ["m", "n"]);
    assert.deepEqual((await db.read.members.list({ imageId, member: "n" })).map(({ member }) => member), [
      "n",
    ]);
    assert.deepEqual(await db.write.members.add({ imageId: "absent", member: "m", quota: -1 }), {
      outcome: "gone",
    });
  }));

Deno.test("usage counts by status, location and running copies", () =>
  withDatabase(async (db) => {
    const image = async (size: number | null, locations: number, to: "active" | "importing" | "saving") => {
      const { id } = await makeImage(db, newImage({ owner: "p", size }));
      const addLocations = Array.from(
        { length: locations },
        (_, i) => ({ url: `file:///${id}/${i}`, metadata: {} }),
      );
      await db.write.images.transition({ id, from: ["queued"], to, addLocations, limit: null });
      return id;
    };
    const two = await image(100, 2, "active");
    await image(10, 1, "active");
    await image(5, 0, "importing");
    await image(null, 0, "saving");
    const copying = await image(1000, 1, "active");
    await db.write.images.change({ id: copying, setProperties: { os_glance_importing_to_stores: "a,b" } });
    const gone = await image(7777, 1, "active");
    await db.write.images.delete({ id: gone, to: "pending_delete" });
    assert.deepEqual(await db.read.usage.all({ owner: "p" }), {
      image_size_total: 1210,
      image_stage_total: 1005,
      image_count_total: 5,
      image_count_uploading: 3,
    });
    assert.equal(await db.read.usage.one({ resource: "image_size_total", owner: "p" }), 1210);
    assert.equal(
      await db.read.usage.one({ resource: "image_size_total", owner: "p", exceptImage: two }),
      1010,
    );
    assert.equal(await db.read.usage.one({ resource: "image_size_total", owner: "q" }), 0);
    assert.equal(await db.read.usage.one({ resource: "image_size_total", owner: null }), 0);
  }));

Deno.test("a failed write leaves the others of its group alone", () =>
  withDatabase(async (db) => {
    const taken = await makeImage(db, newImage());
    const results = await Promise.allSettled(
      Array.from(
        { length: 50 },
        (_, i) => makeImage(db, newImage(i % 5 === 0 ? { id: taken.id } : {})),
      ),
    );
    const failed = results.filter(({ status }) => status === "rejected");
    assert.equal(failed.length, 10);
    for (const result of results) {
      if (result.status === "rejected") assert.ok(isError(result.reason, "conflict"));
      else assert.ok(await db.read.images.show({ id: result.value.id, viewer: ADMIN }));
    }
  }));

Deno.test("a write that cannot be sent fails alone", () =>
  withDatabase(async (db) => {
    const odd = newImage({ properties: { f: (() => 1) as unknown as string } });
    const [bad, good] = await Promise.allSettled([
      makeImage(db, odd),
      makeImage(db, newImage()),
    ]);
    assert.ok(bad.status === "rejected" && isError(bad.reason, "internal"));
    assert.equal(good.status, "fulfilled");
  }));

Deno.test("closing waits for what was accepted and refuses the rest", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const open = () =>
      openDatabase({ connection: `sqlite:///${directory}/g.db`, writerUrl: WRITER_URL, sync: "auto" });
    const db = await open();
    const accepted = Array.from({ length: 30 }, () => makeImage(db, newImage()));
    const closed = db.close();
    await assert.rejects(makeImage(db, newImage()), (error) => isError(error, "unavailable"));
    const made = await Promise.all(accepted);
    await closed;
    await db.close();
    await assert.rejects(db.read.health.ping(), (error) => isError(error, "unavailable"));
    const again = await open();
    for (const { id } of made) assert.ok(await again.read.images.show({ id, viewer: ADMIN }));
    await again.close();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
