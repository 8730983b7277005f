/** A service on a MariaDB of its own: the database goes and comes back, a replica, what the log says. */
import assert from "node:assert/strict";
import { parseConnection } from "../../db/connection.ts";
import { MARIADB_DEFAULTS, withMariadb } from "../../db/engines/mariadb.ts";
import { syncDatabase } from "../../db/manage.ts";
import { openDatabase } from "../../db/open.ts";
import { missing } from "../support/installed.ts";
import { recordLog } from "../support/logged.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";
import { listQuery, makeImage, newImage, WRITER_URL } from "../support/temp_database.ts";
import { takeEvents } from "../support/events.ts";
import { startWireCutter } from "./wire_cutter.ts";
import { type Mariadb, MARIADB_COMMANDS, startMariadb } from "./mariadb.ts";

const PASSWORD = "geheim@/?%";

/** Makes a database with the tables of the service; returns the text of its connection. */
async function prepare({ ports }: Mariadb): Promise<string> {
  const root = parseConnection(`mysql://root@127.0.0.1:${ports[0]}/mysql`);
  if (root.kind !== "mariadb") throw new Error("not the URL of a MariaDB");
  await withMariadb(root, async (conn) => {
    await conn.run("CREATE DATABASE glance CHARACTER SET utf8mb3");
    await conn.run("CREATE USER glance@'%' IDENTIFIED BY ?", [PASSWORD]);
    await conn.run("GRANT ALL ON glance.* TO glance@'%'");
  });
  const connection = `mysql+pymysql://glance:${encodeURIComponent(PASSWORD)}@127.0.0.1:${
    ports[0]
  }/glance?charset=utf8`;
  await syncDatabase(connection);
  return connection;
}

/** Ends all connections of the service as well. */
async function setPassword({ ports }: Mariadb, password: string): Promise<void> {
  const root = parseConnection(`mysql://root@127.0.0.1:${ports[0]}/mysql`);
  if (root.kind !== "mariadb") throw new Error("not the URL of a MariaDB");
  await withMariadb(root, async (conn) => {
    await conn.run("ALTER USER glance@'%' IDENTIFIED BY ?", [password]);
    await conn.run("KILL USER glance");
  });
}

const BARE = { disk_format: "raw", container_format: "bare" };

/** So that a test does not wait as long as a client would. */
const IMPATIENT = { "database.db_max_retries": "1", "database.db_retry_interval": "0" };

Deno.test({
  name: "a database that is away is 503 with Retry-After, and needs no restart when it is back",
  ignore: missing(...MARIADB_COMMANDS),
  async fn() {
    await using server = await startMariadb();
    const connection = await prepare(server);
    using recorded = recordLog("DEBUG");
    await using service = await startService({
      ...IMPATIENT,
      "database.connection": connection,
      "database.connection_debug": "100",
    });
    const { id, created_at } = await service.create(OWNER, { name: "before" });
    const shown = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
    assert.equal(shown.created_at, created_at, "what a create answers is what is stored");
    // A password that was changed at the server, and then back.
    await setPassword(server, "other");
    const refused = await service.ask(`/v2/images/${id}`, OWNER);
    assert.equal(refused.status, 503);
    assert.doesNotMatch(await refused.text(), /denied|geheim/);
    await setPassword(server, PASSWORD);
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, 200);
    await server.kill();
    const asks: [path: string, asked: { method?: string; body?: unknown }][] = [
      [`/v2/images/${id}`, {}],
      ["/v2/images", {}],
      ["/v2/images", { method: "POST", body: { name: "lost" } }],
      [`/v2/images/${id}`, { method: "DELETE" }],
    ];
    for (const [path, asked] of asks) {
      const answer = await service.ask(path, OWNER, asked);
      const text = await answer.text();
      assert.equal(answer.status, 503, `${asked.method ?? "GET"} ${path}: ${text}`);
      assert.equal(answer.headers.get("retry-after"), "1");
      assert.doesNotMatch(text, /geheim|127\.0\.0\.1/);
    }
    await server.start();
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, 200);
    await service.create(OWNER, { name: "after" });
    const { images } = await (await service.ask("/v2/images?sort=name:asc", ADMIN)).json();
    assert.deepEqual(images.map(({ name }: { name: string }) => name), ["after", "before"]);
    const log = recorded.lines().join("\n");
    assert.match(log, /INSERT INTO images/, "connection_debug shows statements");
    assert.doesNotMatch(log, /geheim|'before'/, "and no values");
  },
});

Deno.test({
  name: "lists come from the replica while it can be reached",
  ignore: missing(...MARIADB_COMMANDS),
  async fn() {
    await using main = await startMariadb();
    await using replica = await startMariadb();
    await using service = await startService({
      ...IMPATIENT,
      "database.connection": await prepare(main),
      "database.slave_connection": await prepare(replica),
    });
    const { id } = await service.create(OWNER);
    const listed = async () => (await (await service.ask("/v2/images", OWNER)).json()).images.length;
    // The two servers are not connected: what is there tells which one was asked.
    assert.equal(await listed(), 0);
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, 200);
    await replica.kill();
    assert.equal(await listed(), 1);
    await replica.start();
    assert.equal(await listed(), 0);
  },
});

Deno.test({
  name: "how often a request asks the database",
  ignore: missing(...MARIADB_COMMANDS),
  async fn() {
    await using server = await startMariadb();
    const asks: string[] = [];
    const connection = await prepare(server);
    const mariadb = {
      ...MARIADB_DEFAULTS,
      session: { ...MARIADB_DEFAULTS.session, trace: (sql: string) => void asks.push(sql) },
    };
    const db = await openDatabase({ connection, writerUrl: WRITER_URL, mariadb });
    const counted = async (action: () => Promise<unknown>) => {
      asks.length = 0;
      await action();
      // Old marks are removed now and then, beside the requests.
      return asks.filter((sql) => !sql.includes("INTERVAL 1 DAY")).length;
    };
    try {
      const { id } = await makeImage(db, newImage());
      const viewer = { isAdmin: true, projectId: null };
      assert.equal(await counted(() => db.read.images.show({ id, viewer })), 1);
      assert.equal(await counted(() => db.read.images.list(listQuery(viewer))), 1);
      // The row begins the transaction; commit; tags one statement, properties one.
      assert.equal(await counted(() => makeImage(db, newImage())), 2, asks.join("\n"));
      const full = newImage({ properties: { a: "1", b: "2" }, tags: ["x", "y"] });
      assert.equal(await counted(() => makeImage(db, full)), 4, asks.join("\n"));
      // And a look at names that the collation might take for one.
      const odd = newImage({ properties: { a: "1", B: "2" } });
      assert.equal(await counted(() => makeImage(db, odd)), 4, asks.join("\n"));
      // The guard begins the transaction: the tags, the image, the new tag, commit.
      assert.equal(await counted(() => db.write.tags.add({ id, tag: "new", quota: 9 })), 5, asks.join("\n"));
      // Of callers who ask the same at once, one is asking; the rest share a reading that begins after they asked.
      const shows = (count: number) =>
        Promise.all(Array.from({ length: count }, () => db.read.images.show({ id, viewer })));
      assert.equal(await counted(() => shows(40)), 2);
      for (let round = 0; round < 20; round++) {
        const early = shows(3);
        await db.write.tags.add({ id, tag: `of round ${round}`, quota: 99 });
        const late = await shows(5);
        assert.ok(late.every((image) => image!.tags.includes(`of round ${round}`)));
        await early;
      }
    } finally {
      await db.close();
    }
  },
});

Deno.test({
  name: "requests whose COMMIT is lost on the way there, or whose answer is lost, are done once",
  ignore: missing(...MARIADB_COMMANDS),
  async fn(t) {
    await using server = await startMariadb();
    using cutter = startWireCutter(server.ports[0]!);
    const connection = (await prepare(server)).replace(`:${server.ports[0]}/`, `:${cutter.port}/`);
    await using service = await startService({
      "database.connection": connection,
      "oslo_messaging_notifications.driver": "log",
    });
    const { id: tagged } = await service.create(OWNER, BARE);
    for (const lose of ["commit", "answer"] as const) {
      await t.step(`${lose}: a create`, async () => {
        cutter.lose = lose;
        const before = cutter.lost;
        await service.create(OWNER, { ...BARE, name: `made with a lost ${lose}` });
        const { images } = await (await service.ask(`/v2/images?name=made with a lost ${lose}`, OWNER))
          .json();
        assert.equal(images.length, 1);
        assert.equal(cutter.lost, before + 1);
      });
      await t.step(`${lose}: an upload`, async () => {
        const { id } = await service.create(OWNER, BARE);
        cutter.lose = lose;
        await service.upload(id, OWNER, "data");
        const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
        assert.deepEqual([image.status, image.size], ["active", 4]);
        assert.deepEqual(await service.deps.db.read.uploads.list(), []);
      });
      await t.step(`${lose}: a tag, a member, a deletion`, async () => {
        cutter.lose = lose;
        const path = `/v2/images/${tagged}`;
        assert.equal((await service.ask(`${path}/tags/${lose}`, OWNER, { method: "PUT" })).status, 204);
        cutter.lose = lose;
        const member = await service.ask(`${path}/members`, OWNER, {
          method: "POST",
          body: { member: `m ${lose}` },
        });
        assert.equal(member.status, 200);
        const { id } = await service.create(OWNER, BARE);
        cutter.lose = lose;
        assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
        assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, 404);
      });
    }
    const members = (await (await service.ask(`/v2/images/${tagged}/members`, OWNER)).json()).members;
    assert.equal(members.length, 2);
    const types = (await takeEvents(service)).map(([type]) => type);
    // Four images that stay, the tagged one, and two that were deleted.
    assert.equal(types.filter((type) => type === "image.create").length, 7);
    assert.equal(types.filter((type) => type === "image.delete").length, 2);
    assert.equal(types.filter((type) => type === "image.member.create").length, 2);
    assert.equal(types.filter((type) => type === "image.activate").length, 2);
  },
});
