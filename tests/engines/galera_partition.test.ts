/** A node of Galera that lives but has lost its cluster: the health check of docs/mariadb.md takes it out. */
import assert from "node:assert/strict";
import { createConnection } from "mysql2/promise";
import { missing } from "../support/installed.ts";
import { newImage, noise, serve, type Served, show, until } from "../support/served.ts";
import { startHaproxy } from "./haproxy.ts";
import { type Mariadb, MARIADB_COMMANDS, missingGalera, startMariadb } from "./mariadb.ts";

/** Seconds for what takes a few on an idle machine. */
const PATIENCE = 90;
const BYTES = noise(1 << 20);

/** Returns the name of the node that HAProxy leads to; null while it leads to none that works. */
async function nodeBehind(url: string): Promise<string | null> {
  try {
    const connection = await createConnection(url);
    try {
      const [rows] = await connection.query(
        "SELECT @@wsrep_node_name AS name FROM alembic_version LIMIT 1",
      );
      return (rows as { name: string }[])[0]?.name ?? null;
    } finally {
      connection.destroy();
    }
  } catch {
    return null;
  }
}

/** Cuts a node off from the others, or lets it join them again. */
const isolate = (cluster: Mariadb, node: number, on: boolean) =>
  cluster.query(`SET GLOBAL wsrep_provider_options = 'gmcast.isolate=${on ? 1 : 0}'`, node);

/** Uploads; sends the second half of the bytes when `rest` resolves. Returns the status. */
async function upload({ url }: Served, id: string, rest: Promise<void>): Promise<number> {
  const half = BYTES.length / 2;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(BYTES.subarray(0, half)),
    async pull(controller) {
      await rest;
      controller.enqueue(BYTES.subarray(half));
      controller.close();
    },
  }, { highWaterMark: 0 });
  const headers = { "content-type": "application/octet-stream" };
  const response = await fetch(`${url}/v2/images/${id}/file`, { method: "PUT", body, headers });
  await response.body?.cancel();
  return response.status;
}

/** Creates images for as long as `during` runs; each answer is 201, or 503 with Retry-After. Returns the ids of 201. */
async function creates({ url }: Served, during: Promise<unknown>): Promise<string[]> {
  let running = true;
  const ends = during.finally(() => void (running = false));
  // A failure in the loop is thrown first.
  ends.catch(() => {});
  const made: string[] = [];
  while (running) {
    const response = await fetch(`${url}/v2/images`, { method: "POST", body: "{}" });
    const text = await response.text();
    if (response.status === 201) made.push(JSON.parse(text).id);
    else assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "1"], text);
  }
  await ends;
  return made;
}

Deno.test({
  name: "HAProxy takes a node out that lives but has lost its cluster, and goes back to it",
  ignore: missing(...MARIADB_COMMANDS, "haproxy") || missingGalera(),
  async fn(t) {
    await using cluster = await startMariadb(3);
    await cluster.createDatabase("glance");
    await cluster.query("CREATE USER haproxy@'%'");
    await using haproxy = await startHaproxy("galera", cluster.ports);
    const connection = `mysql://root@127.0.0.1:${haproxy.port}/glance`;
    const dir = await Deno.makeTempDir({ prefix: "oneglance_partition_" });
    const server = await serve(dir, { OS_DATABASE__CONNECTION: connection });
    const made: string[] = [];
    try {
      await t.step("in an upload", async () => {
        assert.equal(await nodeBehind(connection), "n1");
        const id = await newImage(server.url);
        const rest = Promise.withResolvers<void>();
        const uploading = upload(server, id, rest.promise);
        await until("the upload is under way", async () => (await show(server.url, id)).status === "saving");
        await isolate(cluster, 0, true);
        made.push(
          ...await creates(
            server,
            until("another node serves", async () => await nodeBehind(connection) === "n2", PATIENCE),
          ),
        );
        rest.resolve();
        assert.equal(await uploading, 204);
        assert.deepEqual(
          new Uint8Array(await (await fetch(`${server.url}/v2/images/${id}/file`)).arrayBuffer()),
          BYTES,
        );
        made.push(id, await newImage(server.url));
      });
      await t.step("it joins the others again", async () => {
        await isolate(cluster, 0, false);
        made.push(
          ...await creates(
            server,
            until(
              "connections are back at the first",
              async () => await nodeBehind(connection) === "n1",
              PATIENCE,
            ),
          ),
        );
        made.push(await newImage(server.url));
      });
      for (const id of made) assert.equal((await show(server.url, id)).id, id);
    } finally {
      await server.crash();
      await Deno.remove(dir, { recursive: true });
    }
  },
});
