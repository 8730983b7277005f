/** The same queries over a libSQL server. */
import assert from "node:assert/strict";
import type { Database } from "../../db/database.ts";
import { checkDatabase, databaseVersion, syncDatabase } from "../../db/manage.ts";
import { openDatabase } from "../../db/open.ts";
import { isError } from "../../src/errors.ts";
import { type HranaServer, startHranaServer } from "../support/hrana_server.ts";
import { FORMATS, importNow, staged } from "../support/imports.ts";
import { OWNER, startService, STRANGER } from "../support/service.ts";
import {
  ADMIN,
  everyPage,
  listQuery,
  makeImage,
  newImage,
  project,
  WRITER_URL,
} from "../support/temp_database.ts";

const TOKEN = "a-token-of-the-test";

async function withServer(action: (connection: string, server: HranaServer) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "oneglance-hrana-" });
  const server = startHranaServer(`${directory}/server.sqlite`, TOKEN);
  try {
    await action(`${server.url}?authToken=${TOKEN}`, server);
  } finally {
    await server.close();
    await Deno.remove(directory, { recursive: true });
  }
}

async function withRemote(action: (db: Database, server: HranaServer) => Promise<void>): Promise<void> {
  await withServer(async (connection, server) => {
    const db = await openDatabase({ connection, writerUrl: WRITER_URL, sync: "auto" });
    try {
      await action(db, server);
    } finally {
      await db.close();
    }
  });
}

Deno.test("a remote database is synced and checked like a file", () =>
  withServer(async (connection) => {
    const opening = openDatabase({ connection, writerUrl: WRITER_URL });
    await assert.rejects(opening, (error) => isError(error, "database") && /db sync/.test(error.message));
    assert.equal((await checkDatabase(connection)).exit, 3);
    assert.equal((await syncDatabase(connection)).exit, 0);
    assert.equal((await checkDatabase(connection)).exit, 0);
    assert.equal((await databaseVersion(connection)).output, "2024_1_contract01");
  }));

Deno.test("the error of a wrong token does not show the token", () =>
  withServer(async (connection) => {
    const wrong = connection.replace(TOKEN, "wrong-secret");
    await assert.rejects(
      openDatabase({ connection: wrong, writerUrl: WRITER_URL }),
      (error) => isError(error, "database", "unavailable") && !/wrong-secret/.test(String(error.message)),
    );
  }));

Deno.test("images, members, tags and lists work over a server", () =>
  withRemote(async (db) => {
    const image = await makeImage(
      db,
      newImage({ owner: "p", protected: true, size: 2 ** 40, properties: { a: "1" }, tags: ["t"] }),
    );
    assert.deepEqual(await db.read.images.show({ id: image.id, viewer: project("p") }), image);
    await assert.rejects(makeImage(db, { ...image }), (error) => isError(error, "conflict"));
    const moved = await db.write.images.transition({
      id: image.id,
      from: ["queued"],
      to: "active",
      addLocations: [{ url: "file:///x", metadata: { store: "s" } }],
      limit: null,
    });
    assert.equal(moved.outcome, "done");
    assert.deepEqual(await db.write.tags.add({ id: image.id, tag: "u", quota: 1 }), {
      outcome: "full",
      attempted: 2,
    });
    await db.write.members.add({ imageId: image.id, member: "m", quota: -1 });
    await db.write.members.setStatus({ imageId: image.id, member: "m", status: "accepted" });
    for (let i = 0; i < 7; i++) await makeImage(db, newImage({ owner: "p", name: `n${i % 3}` }));
    const sort: Parameters<typeof listQuery>[1] = {
      sort: [{ key: "name", dir: "asc" }, { key: "created_at", dir: "asc" }, { key: "id", dir: "asc" }],
      limit: 3,
    };
    assert.equal((await everyPage(db, listQuery(project("p"), sort))).length, 8);
    assert.deepEqual((await everyPage(db, listQuery(project("m")))).map(({ id }) => id), [image.id]);
    assert.equal((await db.read.usage.all({ owner: "p" })).image_size_total, 2 ** 40);
    assert.equal((await db.write.images.delete({ id: image.id, to: "deleted" })).outcome, "done");
    assert.equal(await db.read.images.show({ id: image.id, viewer: ADMIN }), null);
  }));

Deno.test("writes at once over a server: one transition wins, all creations are there", () =>
  withRemote(async (db) => {
    const { id } = await makeImage(db, newImage());
    const moves = Array.from(
      { length: 10 },
      () => db.write.images.transition({ id, from: ["queued"], to: "saving", limit: null }),
    );
    const made = await Promise.all(Array.from({ length: 20 }, () => makeImage(db, newImage())));
    const won = (await Promise.all(moves)).filter(({ outcome }) => outcome === "done");
    assert.equal(won.length, 1);
    assert.equal((await everyPage(db, listQuery(ADMIN))).length, made.length + 1);
  }));

Deno.test("a transaction that somebody holds for too long is taken away; ours goes on after it", () =>
  withServer(async (connection, server) => {
    const db = await openDatabase({ connection, writerUrl: WRITER_URL, sync: "auto" });
    const ask = async (baton: string | null, sql: string) => {
      const response = await fetch(`${server.url}/v2/pipeline`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ baton, requests: [{ type: "execute", stmt: { sql } }] }),
      });
      return await response.json();
    };
    try {
      const { baton } = await ask(null, "BEGIN IMMEDIATE");
      const { id } = await makeImage(db, newImage());
      assert.ok(await db.read.images.show({ id, viewer: ADMIN }));
      const { results } = await ask(baton, "COMMIT");
      assert.equal(results[0].error.code, "TRANSACTION_TIMEOUT");
    } finally {
      await db.close();
    }
  }));

Deno.test("a service on a server: create, upload, tags, members, lists, imports, deletion", () =>
  withServer(async (connection) => {
    await syncDatabase(connection);
    await using service = await startService({ "database.connection": connection });
    const { id } = await service.create(OWNER, { ...FORMATS, tags: ["a"], p: "1" });
    await service.upload(id, OWNER, "data");
    assert.equal((await service.ask(`/v2/images/${id}/tags/b`, OWNER, { method: "PUT" })).status, 204);
    const member = { method: "POST", body: { member: STRANGER.project } };
    assert.equal((await service.ask(`/v2/images/${id}/members`, OWNER, member)).status, 200);
    assert.equal(await (await service.ask(`/v2/images/${id}/file`, STRANGER)).text(), "data");
    const { images } = await (await service.ask("/v2/images?tag=b&p=1", OWNER)).json();
    assert.deepEqual(images.map((image: { tags: string[] }) => image.tags.toSorted()), [["a", "b"]]);
    const staging = await staged(service, "more");
    const { image, task } = await importNow(service, staging, { method: { name: "glance-direct" } });
    assert.deepEqual([image.status, task.status], ["active", "success"]);
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, 404);
  }));

Deno.test("a server that is gone is unavailable", async () => {
  let db: Database | undefined;
  await withServer(async (connection) => {
    db = await openDatabase({ connection, writerUrl: WRITER_URL, sync: "auto" });
  });
  await assert.rejects(db!.read.health.ping(), (error) => isError(error, "unavailable"));
  await assert.rejects(makeImage(db!, newImage()), (error) => isError(error, "unavailable"));
  await db!.close();
});
