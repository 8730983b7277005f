/**
 * The database goes while oneglance works, and comes back or is followed by another node: nothing acknowledged is lost,
 * nothing is stuck, no process is started again.
 */
import assert from "node:assert/strict";
import { partOf, postJson, site } from "../support/crash.ts";
import { missing } from "../support/installed.ts";
import { newImage, noise, serve, type Served, show, until } from "../support/served.ts";
import { startHaproxy } from "./haproxy.ts";
import { type Mariadb, MARIADB_COMMANDS, missingGalera, startMariadb } from "./mariadb.ts";

const PATIENCE = 90;
const CALLERS = 4;
const BYTES = noise(2 << 20);
const HALF = BYTES.length / 2;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A process on a database; uploads and imports that it took keep their leases for a minute. */
function start(dir: string, connection: string): Promise<Served> {
  return serve(dir, {
    OS_DATABASE__CONNECTION: connection,
    OS_DATABASE__MYSQL_WSREP_SYNC_WAIT: "1",
    OS_IMPORT_FILTERING_OPTS__ALLOWED_PORTS: "[]",
    OS_ONEGLANCE__OUTBOUND_ALLOWED_NETWORKS: "127.0.0.0/8",
  });
}

/** Asks; only an answer that the client may try again is allowed to fail. */
async function ask(url: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (response.status >= 500) {
    assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "1"], text);
  }
  return { status: response.status, text };
}

/** Callers who make tagged images until they are told to stop: gives the ids that were acknowledged. */
function writers(url: string): { stop(): Promise<string[]> } {
  const acknowledged: string[] = [];
  let going = true;
  const caller = async () => {
    while (going) {
      const id = crypto.randomUUID();
      const body = JSON.stringify({ id, name: id, tags: ["a"], p: "1" });
      const { status, text } = await ask(`${url}/v2/images`, { method: "POST", body });
      assert.ok([201, 503].includes(status), `${status}: ${text}`);
      if (status === 201) acknowledged.push(id);
      await pause(20);
    }
  };
  const ends = Promise.all(Array.from({ length: CALLERS }, caller));
  return {
    async stop() {
      going = false;
      await ends;
      return acknowledged;
    },
  };
}

async function assertWhole({ url }: Served, id: string): Promise<void> {
  const image = await show(url, id);
  assert.deepEqual([image.status, image.size], ["active", BYTES.length]);
  const data = await (await fetch(`${url}/v2/images/${id}/file`)).bytes();
  assert.deepEqual([data.length, data.every((byte, at) => byte === BYTES[at])], [BYTES.length, true]);
}

/** An upload and an import are half done and callers write, when `strike` comes; all is done after it. */
async function goesOn(server: Served, strike: () => Promise<void>): Promise<void> {
  const { url } = server;
  const [uploading, importing] = [await newImage(url), await newImage(url)];
  const rest = Promise.withResolvers<void>();
  let writing: ReturnType<typeof writers> | undefined;
  const web = site(() => {
    const { body } = partOf(BYTES, BYTES.length, () => {});
    return new Response(body!.pipeThrough(held(rest.promise)), {
      headers: { "content-length": String(BYTES.length) },
    });
  });
  try {
    const body = new Response(BYTES).body!.pipeThrough(held(rest.promise));
    const upload = ask(`${url}/v2/images/${uploading}/file`, {
      method: "PUT",
      body,
      headers: { "content-type": "application/octet-stream" },
    });
    const method = { name: "web-download", uri: `${web.url}/image` };
    await postJson(server, `/v2/images/${importing}/import`, { method });
    await until("both are under way", async () => {
      const [one, two] = [await show(url, uploading), await show(url, importing)];
      return one.status === "saving" && two.status === "importing";
    }, PATIENCE);
    writing = writers(url);
    await pause(300);
    await strike();
    rest.resolve();
    assert.deepEqual(await upload, { status: 204, text: "" });
    await until("the import ends", async () => {
      const { status, text } = await ask(`${url}/v2/images/${importing}`);
      return status === 200 && !("os_glance_import_task" in JSON.parse(text));
    }, PATIENCE);
    assert.equal((await show(url, importing)).status, "active", server.log());
    await pause(300);
    const acknowledged = await writing.stop();
    assert.ok(acknowledged.length > 0);
    await assertWhole(server, uploading);
    await assertWhole(server, importing);
    for (const id of acknowledged) {
      const { name, tags, p } = await show(url, id);
      assert.deepEqual({ name, tags, p }, { name: id, tags: ["a"], p: "1" });
    }
    const again = await newImage(url);
    const headers = { "content-type": "application/octet-stream" };
    const { status } = await ask(`${url}/v2/images/${again}/file`, { method: "PUT", body: BYTES, headers });
    assert.equal(status, 204);
    await assertWhole(server, again);
  } finally {
    rest.resolve();
    await writing?.stop();
    await web.close();
  }
}

/** Passes the first half of the bytes, and the others when `rest` resolves. */
function held(rest: Promise<void>): TransformStream<Uint8Array, Uint8Array> {
  let passed = 0;
  return new TransformStream({
    async transform(piece, controller) {
      const first = Math.max(0, Math.min(piece.length, HALF - passed));
      passed += piece.length;
      if (first > 0) controller.enqueue(piece.subarray(0, first));
      if (first === piece.length) return;
      await rest;
      controller.enqueue(piece.subarray(first));
    },
  });
}

async function withServer(connection: string, use: (server: Served) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance_outage_" });
  try {
    const server = await start(dir, connection);
    try {
      await use(server);
      assert.doesNotMatch(server.log(), / ERROR .*Traceback|Uncaught|unhandled/i);
    } finally {
      await server.crash();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test({
  name: "MariaDB is killed in an upload and an import, and started again",
  ignore: missing(...MARIADB_COMMANDS),
  async fn(t) {
    await using database = await startMariadb();
    await database.createDatabase("glance");
    await withServer(`${database.urls[0]}glance`, async (server) => {
      await t.step("before their data has come", () =>
        goesOn(server, async () => {
          await database.kill();
          await pause(1500);
          await database.start();
        }));
      await t.step("while their data comes: they wait for it", async () => {
        let back: Promise<void> | undefined;
        await goesOn(server, async () => {
          await database.kill();
          back = pause(3000).then(() => database.start());
        });
        await back;
      });
    });
  },
});

/** A cluster of three nodes, and HAProxy that sends all to the first that is up. */
async function withCluster(use: (cluster: Mariadb, server: Served) => Promise<void>): Promise<void> {
  await using cluster = await startMariadb(3);
  await cluster.createDatabase("glance");
  await cluster.query("CREATE USER haproxy@'%'");
  await using haproxy = await startHaproxy("galera", cluster.ports);
  await withServer(`mysql://root@127.0.0.1:${haproxy.port}/glance`, (server) => use(cluster, server));
}

Deno.test({
  name: "nodes of a Galera cluster behind HAProxy are killed",
  ignore: missing(...MARIADB_COMMANDS, "haproxy") || missingGalera(),
  fn: (t) =>
    withCluster(async (cluster, server) => {
      await t.step("the one that serves, in an upload and an import: another takes over", async () => {
        await goesOn(server, () => cluster.kill(0));
      });
      await t.step("it comes back: connections go home to it", () => goesOn(server, () => cluster.start(0)));
      await t.step("two: 503 with Retry-After; with them all is as before, without a restart", async () => {
        const id = await newImage(server.url);
        await Promise.all([cluster.kill(0), cluster.kill(1)]);
        await until("the third is alone, and refuses", async () => {
          const read = await ask(`${server.url}/v2/images/${id}`);
          const write = await ask(`${server.url}/v2/images/${id}/tags/t`, { method: "PUT" });
          return read.status === 503 && write.status === 503;
        }, PATIENCE);
        await Promise.all([cluster.start(0), cluster.start(1)]);
        await until("the image is there", async () => {
          return (await ask(`${server.url}/v2/images/${id}`)).status === 200;
        }, PATIENCE);
        await goesOn(server, () => Promise.resolve());
      });
    }),
});
