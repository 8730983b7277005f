/**
 * After kill -9 at any step of a stage or an import, every image is complete or as before within one lease: no lock,
 * no task under way, nothing staged that nobody waits for, no data in a store that no image speaks of.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { filesIn, newImage, noise, serve, type Served, show, until } from "../support/served.ts";
import { uploadHead, wire } from "../support/wire.ts";

const SIZE = 12 << 20;
const LEASE = 2;
const STORES = ["a", "b", "c"];

function options(dir: string): Record<string, string> {
  const stores = STORES.map((id) => [`OS_${id.toUpperCase()}__FILESYSTEM_STORE_DATADIR`, `${dir}/${id}`]);
  return {
    OS_DEFAULT__ENABLED_BACKENDS: STORES.map((id) => `${id}:file`).join(","),
    OS_GLANCE_STORE__DEFAULT_BACKEND: "a",
    OS_OS_GLANCE_STAGING_STORE__FILESYSTEM_STORE_DATADIR: `${dir}/staging`,
    OS_IMPORT_FILTERING_OPTS__ALLOWED_PORTS: "[]",
    OS_ONEGLANCE__OUTBOUND_ALLOWED_NETWORKS: "127.0.0.0/8",
    OS_ONEGLANCE__TASK_LEASE_TIMEOUT: String(LEASE),
    ...Object.fromEntries(stores),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function send(server: Served, method: string, path: string, body: BodyInit, type: string) {
  const response = await fetch(server.url + path, { method, headers: { "content-type": type }, body });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
}

const put = (server: Served, id: string, what: "file" | "stage", bytes: Uint8Array<ArrayBuffer>) =>
  send(server, "PUT", `/v2/images/${id}/${what}`, bytes, "application/octet-stream");

/** POST import; a server that dies meanwhile is what is wanted. */
async function post(server: Served, id: string, body: unknown): Promise<void> {
  await send(server, "POST", `/v2/images/${id}/import`, JSON.stringify(body), "application/json")
    .catch((error) => {
      if (error instanceof assert.AssertionError) throw error;
    });
}

async function tasksOf(server: Served, id: string): Promise<{ status: string; message: string }[]> {
  return (await (await fetch(`${server.url}/v2/images/${id}/tasks`)).json()).tasks;
}

/** Waits until nothing of the image is under way, then looks whether it is whole or as before. */
async function assertSettled(
  server: Served,
  dir: string,
  id: string,
  bytes: Uint8Array,
  allowed: string[],
): Promise<string> {
  await until("the task has ended", async () => {
    const image = await show(server.url, id);
    const tasks = await tasksOf(server, id);
    return !("os_glance_import_task" in image) && !["importing", "saving"].includes(String(image.status)) &&
      tasks.every(({ status }) => status === "success" || status === "failure");
  }, LEASE + 8);
  const image = await show(server.url, id);
  const status = String(image.status);
  assert.ok(allowed.includes(status), `${status}: ${JSON.stringify(image)}`);
  assert.ok(!image.os_glance_importing_to_stores, "stores are still to do");
  const stores = String(image.stores ?? "").split(",").filter((store) => store !== "");
  for (const store of STORES) {
    const names = filesIn(`${dir}/${store}`).filter((name) => name.includes(id));
    assert.deepEqual(names, stores.includes(store) ? [id] : [], `store ${store}`);
    if (names.length > 0) assert.ok(Buffer.from(Deno.readFileSync(`${dir}/${store}/${id}`)).equals(bytes));
  }
  const staged = filesIn(`${dir}/staging`).filter((name) => name.includes(id));
  assert.deepEqual(staged, status === "uploading" ? [id] : [], "staging");
  if (status === "queued") assert.deepEqual([image.size, image.checksum], [null, null]);
  return status;
}

/** Runs one row after the other on one data directory; each begins with a running server and leaves one. */
async function table<M>(
  t: Deno.TestContext,
  rows: readonly M[],
  name: (row: M) => string,
  run: (server: Served, dir: string, row: M) => Promise<(server: Served) => Promise<void>>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-crash-" });
  let server = await serve(dir, options(dir));
  try {
    for (const row of rows) {
      await t.step(name(row), async () => {
        const check = await run(server, dir, row);
        await server.crash();
        server = await serve(dir, options(dir));
        await check(server);
      });
    }
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("kill -9 while data is staged", async (t) => {
  const bytes = noise(SIZE);
  const rows = [[0, 0], [1000, 30], [SIZE / 2, 20], [SIZE - 1, 0], [SIZE, 0], [SIZE, 5], [SIZE, 30]] as const;
  await table(
    t,
    rows,
    ([sent, wait]) => `after ${sent} bytes and ${wait} ms`,
    async (server, dir, [sent, wait]) => {
      const id = await newImage(server.url);
      const client = await wire(server.port);
      await client.send(uploadHead(id, SIZE).replace("/file", "/stage"));
      await client.send(bytes.subarray(0, sent));
      await pause(wait);
      return async (again) => {
        client[Symbol.dispose]();
        const status = await assertSettled(
          again,
          dir,
          id,
          bytes,
          sent < SIZE ? ["queued"] : ["queued", "uploading"],
        );
        if (status === "queued") await put(again, id, "stage", bytes);
        await post(again, id, { method: { name: "glance-direct" } });
        assert.equal(await assertSettled(again, dir, id, bytes, ["active"]), "active");
      };
    },
  );
});

const WAITS = [0, 3, 10, 25, 50, 90, 150, 250];

Deno.test("kill -9 in an import of staged data to three stores", async (t) => {
  const bytes = noise(SIZE);
  await table(t, WAITS, (wait) => `after ${wait} ms`, async (server, dir, wait) => {
    const id = await newImage(server.url);
    await put(server, id, "stage", bytes);
    const posting = post(server, id, { method: { name: "glance-direct" }, all_stores: true });
    await pause(wait);
    return async (again) => {
      await posting;
      if (await assertSettled(again, dir, id, bytes, ["active", "uploading"]) === "active") {
        assert.equal((await show(again.url, id)).stores, "a,b,c");
      }
    };
  });
});

Deno.test("kill -9 in a copy to two more stores", async (t) => {
  const bytes = noise(SIZE);
  await table(t, WAITS, (wait) => `after ${wait} ms`, async (server, dir, wait) => {
    const id = await newImage(server.url);
    await put(server, id, "file", bytes);
    const posting = post(server, id, { method: { name: "copy-image" }, all_stores: true });
    await pause(wait);
    return async (again) => {
      await posting;
      await assertSettled(again, dir, id, bytes, ["active"]);
      const accepted = (await tasksOf(again, id)).length > 0;
      assert.equal((await show(again.url, id)).stores, accepted ? "a,b,c" : "a");
    };
  });
});

/** How far the source goes before the kill, and what it is like when the task goes on. */
interface Source {
  sent: number;
  wait: number;
  later: "same" | "gone";
}

Deno.test("kill -9 in a web-download", async (t) => {
  const bytes = noise(SIZE);
  const rows: Source[] = [
    { sent: -1, wait: 0, later: "same" },
    { sent: 0, wait: 10, later: "gone" },
    { sent: SIZE / 2, wait: 20, later: "same" },
    { sent: SIZE / 2, wait: 20, later: "gone" },
    ...[0, 5, 20, 60, 120, 200].map((wait): Source => ({ sent: SIZE, wait, later: "same" })),
    { sent: SIZE, wait: 10, later: "gone" },
  ];
  await table(
    t,
    rows,
    ({ sent, wait, later }) => `after ${sent} bytes and ${wait} ms, source then ${later}`,
    async (server, dir, row) => {
      const reached = Promise.withResolvers<void>();
      let asked = 0;
      const site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
        if (asked++ > 0) {
          return row.later === "same" ? new Response(bytes) : new Response("", { status: 404 });
        }
        if (row.sent < 0) {
          reached.resolve();
          await pause(60_000);
        }
        return new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(bytes.subarray(0, row.sent));
              if (row.sent === SIZE) controller.close();
              reached.resolve();
            },
          }),
          { headers: { "content-length": String(SIZE) } },
        );
      });
      const id = await newImage(server.url);
      const uri = `http://127.0.0.1:${(site.addr as Deno.NetAddr).port}/x`;
      const posting = post(server, id, { method: { name: "web-download", uri }, stores: ["a", "c"] });
      await reached.promise;
      await pause(row.wait);
      return async (again) => {
        await posting;
        const status = await assertSettled(
          again,
          dir,
          id,
          bytes,
          row.later === "same" ? ["active"] : ["queued", "active"],
        );
        if (status === "queued") {
          assert.match((await tasksOf(again, id)).at(-1)!.message, /^Task failed due to Internal Error/);
          assert.equal((await show(again.url, id)).os_glance_failed_import, "a,c");
        }
        if (row.sent < SIZE && row.later === "gone") assert.equal(status, "queued");
        await Promise.race([site.shutdown(), pause(100)]);
      };
    },
  );
});
