/** Writes of several processes on one MariaDB, and on three nodes of a Galera cluster, that race for the same rows. */
import assert from "node:assert/strict";
import type { Database } from "../../db/database.ts";
import { MARIADB_DEFAULTS } from "../../db/engines/mariadb.ts";
import { syncDatabase } from "../../db/manage.ts";
import { openDatabase } from "../../db/open.ts";
import { isError } from "../../src/errors.ts";
import { missing } from "../support/installed.ts";
import { ADMIN, makeImage, newImage, WRITER_URL } from "../support/temp_database.ts";
import { MARIADB_COMMANDS, missingGalera, startMariadb } from "./mariadb.ts";
import { withMariadb } from "../../db/engines/mariadb.ts";
import { parseConnection } from "../../db/connection.ts";

const CALLERS = 40;

/** Each opens the database as a process of its own does; a read sees what any of them has committed. */
async function open(urls: readonly string[]): Promise<Database[]> {
  const server = parseConnection(`${urls[0]}mysql`);
  if (server.kind !== "mariadb") throw new Error("not the URL of a MariaDB");
  await withMariadb(
    server,
    (conn) => Promise.resolve(conn.run("CREATE DATABASE glance CHARACTER SET utf8mb4")),
  );
  await syncDatabase(`${urls[0]}glance`);
  const mariadb = { ...MARIADB_DEFAULTS, session: { ...MARIADB_DEFAULTS.session, wsrepSyncWait: 1 } };
  const settings = { events: { disabled: [] }, locationKey: null };
  return await Promise.all(
    urls.map((url) => openDatabase({ connection: `${url}glance`, writerUrl: WRITER_URL, mariadb, settings })),
  );
}

/** Calls all at once, in turns on each process; returns what they answered. */
async function race<T>(all: Database[], call: (db: Database, at: number) => Promise<T>): Promise<T[]> {
  const calls = Array.from({ length: CALLERS }, (_, at) => call(all[at % all.length]!, at));
  return await Promise.all(calls);
}

const show = async (db: Database, id: string) => (await db.read.images.show({ id, viewer: ADMIN }))!;
const count = <T>(answers: readonly T[], which: (answer: T) => boolean) => answers.filter(which).length;

const RACES: [what: string, run: (all: Database[]) => Promise<void>][] = [
  ["one of 40 gets an image for its upload", async (all) => {
    const { id } = await makeImage(all[0]!, newImage());
    const answers = await race(all, (db, at) => {
      const beginUpload = { token: `token ${at}`, owner: `process ${at}`, store_id: null, seconds: 60 };
      return db.write.images.transition({ id, from: ["queued"], to: "saving", beginUpload, limit: null });
    });
    assert.equal(count(answers, ({ outcome }) => outcome === "done"), 1);
    const won = answers.findIndex(({ outcome }) => outcome === "done");
    const [lease] = await all[0]!.read.uploads.list();
    assert.equal(lease!.token, `token ${won}`);
    await all[0]!.write.uploads.cancel({ token: lease!.token });
  }],
  ["one of 40 gets an id", async (all) => {
    const id = crypto.randomUUID();
    const answers = await race(all, (db) =>
      makeImage(db, newImage({ id })).catch((error) => {
        if (isError(error, "conflict")) return null;
        throw error;
      }));
    assert.equal(count(answers, (answer) => answer !== null), 1);
  }],
  ["one of 40 gets the lock of an import, and its task", async (all) => {
    const { id } = await makeImage(all[0]!, newImage());
    const answers = await race(all, (db) => {
      const task = crypto.randomUUID();
      return db.write.tasks.start({
        lock: true,
        lease: { image_id: id, token: task, owner: "a", seconds: 60, caller: "{}" },
        task: {
          id: task,
          type: "api_image_import",
          owner: "p",
          image_id: id,
          request_id: null,
          user_id: null,
          input: null,
        },
      });
    });
    assert.equal(count(answers, (answer) => answer !== null), 1);
    assert.equal((await all[0]!.read.tasks.leases({})).filter(({ image_id }) => image_id === id).length, 1);
  }],
  ["one of 40 deletes, one of 40 takes the deletion over", async (all) => {
    const { id } = await makeImage(all[0]!, newImage());
    const begun = await race(all, (db, at) => {
      const by = { token: `deletion ${at}`, owner: "a", seconds: 60 };
      return db.write.deletions.begin({ id, by });
    });
    assert.equal(count(begun, ({ outcome }) => outcome === "done"), 1);
    const [lease] = await all[0]!.read.deletions.list();
    const taken = await race(all, (db, at) => {
      const by = { token: `taken ${at}`, owner: "b", seconds: 60 };
      return db.write.deletions.take({ token: lease!.token, by });
    });
    assert.equal(count(taken, (answer) => answer !== null), 1);
  }],
  ["a limit on the number of images is kept", async (all) => {
    const owner = crypto.randomUUID();
    const limit = { resource: "image_count_total", owner, add: 1, max: 7 } as const;
    const answers = await race(all, (db) => db.write.images.create({ ...newImage({ owner }), limit }));
    assert.equal(count(answers, ({ outcome }) => outcome === "done"), 7);
    assert.equal(await all[0]!.read.usage.one({ resource: "image_count_total", owner }), 7);
  }],
  ["a limit on bytes is kept", async (all) => {
    const owner = crypto.randomUUID();
    const made = await race(all, (db) => makeImage(db, newImage({ owner, size: 100, status: "saving" })));
    const limit = { resource: "image_size_total", owner, add: 100, max: 500 } as const;
    const answers = await race(all, (db, at) =>
      db.write.images.transition({
        id: made[at]!.id,
        from: ["saving"],
        to: "active",
        addLocations: [{ url: `file:///${at}`, metadata: {} }],
        limit,
      }));
    assert.equal(count(answers, ({ outcome }) => outcome === "done"), 5);
    assert.equal(await all[0]!.read.usage.one({ resource: "image_size_total", owner }), 500);
  }],
  ["the quota of tags is kept, and each tag is there once", async (all) => {
    const { id } = await makeImage(all[0]!, newImage());
    const answers = await race(all, (db, at) => db.write.tags.add({ id, tag: `t${at % 10}`, quota: 5 }));
    const { tags } = await show(all[0]!, id);
    assert.equal(tags.length, 5);
    assert.equal(new Set(tags).size, 5);
    assert.equal(count(answers, ({ outcome }) => outcome === "done"), 20);
  }],
  ["the quota of members is kept, and each member is there once", async (all) => {
    const { id } = await makeImage(all[0]!, newImage());
    await race(all, (db, at) => db.write.members.add({ imageId: id, member: `m${at % 10}`, quota: 5 }));
    const members = (await all[0]!.read.members.list({ imageId: id })).map(({ member }) => member);
    assert.equal(members.length, 5);
    assert.equal(new Set(members).size, 5);
  }],
  ["tags and properties are replaced as a whole", async (all) => {
    const { id } = await makeImage(all[0]!, newImage());
    await race(all, (db, at) => {
      const names = Array.from({ length: 5 }, (_, n) => `${at}-${n}`);
      const setProperties = Object.fromEntries(["a", "b", "c"].map((name) => [name, String(at)]));
      return db.write.images.change({ id, tags: names, setProperties });
    });
    const { tags, properties } = await show(all[0]!, id);
    const [winner] = tags[0]!.split("-");
    assert.deepEqual(tags, Array.from({ length: 5 }, (_, n) => `${winner}-${n}`));
    assert.deepEqual(properties, { a: winner, b: winner, c: winner });
  }],
  ["changes of different things all stay", async (all) => {
    const { id } = await makeImage(all[0]!, newImage());
    await race(all, (db, at) => db.write.images.change({ id, setProperties: { [`p${at}`]: String(at) } }));
    assert.equal(Object.keys((await show(all[0]!, id)).properties).length, CALLERS);
  }],
  ["of the locations of an image one stays", async (all) => {
    const { id } = await makeImage(all[0]!, newImage({ status: "saving" }));
    await all[0]!.write.images.transition({
      id,
      from: ["saving"],
      to: "active",
      addLocations: ["a", "b"].map((name) => ({ url: `file:///${name}`, metadata: {} })),
      limit: null,
    });
    const { locations } = await show(all[0]!, id);
    const answers = await race(all, (db, at) => {
      const by = { token: `copy ${at}`, owner: "a", seconds: 60 };
      const locationIds = [locations[at % 2]!.id];
      return db.write.deletions.beginCopies({ id, by, locationIds, added: 0, delayed: false });
    });
    assert.equal(count(answers, (answer) => answer === "done"), 1);
  }],
  ["each event is sent once", async (all) => {
    const took = new Map<number, number>();
    const sent: string[] = [];
    const made = await race(all, (db) => makeImage(db, newImage()));
    await Promise.all(all.map(async (db, at) => {
      for (let empty = 0; empty < 3;) {
        const events = await db.write.outbox.take({
          owner: `sender ${at}`,
          seconds: 60,
          limit: 7,
          dead: null,
        });
        if (events.length === 0) {
          if (await db.read.outbox.oldest({ seconds: 0 }) === null) empty++;
          await new Promise((resolve) => setTimeout(resolve, 5));
          continue;
        }
        took.set(at, (took.get(at) ?? 0) + events.length);
        sent.push(...events.map(({ message_id }) => message_id));
        await db.write.outbox.drop({ owner: `sender ${at}`, ids: events.map(({ id }) => id) });
      }
    }));
    assert.equal(new Set(sent).size, sent.length);
    assert.ok(sent.length >= made.length, String(sent.length));
  }],
];

async function runRaces(t: Deno.TestContext, urls: readonly string[]): Promise<void> {
  const all = await open(urls);
  try {
    for (const [what, run] of RACES) await t.step(what, () => run(all));
  } finally {
    for (const db of all) await db.close();
  }
}

Deno.test({
  name: "races of two processes on one MariaDB",
  ignore: missing(...MARIADB_COMMANDS),
  async fn(t) {
    await using server = await startMariadb();
    await runRaces(t, [server.urls[0]!, server.urls[0]!]);
  },
});

Deno.test({
  name: "races of three processes on three nodes of Galera",
  ignore: missing(...MARIADB_COMMANDS) || missingGalera(),
  async fn(t) {
    await using cluster = await startMariadb(3);
    await runRaces(t, cluster.urls);
  },
});
