/** After kill -9 at any moment of a deletion an image is whole and active, or gone together with its bytes (docs/architecture.md). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EmbeddedConn } from "../../db/engines/embedded.ts";
import { options, pause, post, put, seen, site } from "../support/crash.ts";
import { filesIn, newImage, noise, serve, type Served, until } from "../support/served.ts";

const SIZE = 1 << 20;
const IMAGES = 12;

/** Creates an image with its data in both stores. */
async function inBoth(server: Served, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const id = await newImage(server.url);
  await put(server, id, "stage", bytes);
  const body = JSON.stringify({ method: { name: "glance-direct" }, all_stores: true });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${server.url}/v2/images/${id}/import`, { method: "POST", headers, body });
  assert.equal(response.status, 202, await response.text());
  await until("it is active", async () => {
    const image = await (await fetch(`${server.url}/v2/images/${id}`)).json();
    return image.status === "active" && !("os_glance_import_task" in image);
  });
  return id;
}

const filesOf = (dir: string, id: string) =>
  ["a", "b", "staging"].flatMap((name) =>
    filesIn(`${dir}/${name}`).filter((file) => file.includes(id)).map((file) => `${name}/${file}`)
  );

/** Checks that the image is complete, or gone with all its bytes; it must be gone when the DELETE got a response (`acknowledged`). */
async function verdict(
  server: Served,
  dir: string,
  id: string,
  bytes: Uint8Array,
  acknowledged: number | null,
): Promise<"whole" | "gone"> {
  const response = await fetch(`${server.url}/v2/images/${id}`);
  const text = await response.text();
  if (response.status === 404) {
    await until(`the bytes of ${id} are gone`, () => filesOf(dir, id).length === 0);
    return "gone";
  }
  assert.equal(acknowledged, null, "an image that was deleted is back");
  const image = JSON.parse(text);
  if (image.status === "uploading") assert.deepEqual(filesOf(dir, id), [`staging/${id}`]);
  else {
    assert.equal(image.status, "active");
    const data = await (await fetch(`${server.url}/v2/images/${id}/file`)).arrayBuffer();
    assert.ok(Buffer.from(data).equals(bytes));
    for (const store of image.stores.split(",")) {
      assert.ok(Buffer.from(Deno.readFileSync(`${dir}/${store}/${id}`)).equals(bytes), store);
    }
  }
  return "whole";
}

Deno.test("kill -9 in deletions, at many moments", async (t) => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-delete-" });
  const bytes = noise(SIZE);
  let server = await serve(dir, options(dir));
  const verdicts: string[] = [];
  try {
    for (const wait of [0, 5, 10, 15, 22, 40]) {
      await t.step(`after ${wait} ms`, async () => {
        const ids = await Promise.all(Array.from({ length: IMAGES }, async (_, n) => {
          if (n % 4 !== 3) return await inBoth(server, bytes);
          const id = await newImage(server.url);
          await put(server, id, "stage", bytes);
          return id;
        }));
        const responses = new Map<string, number>();
        const asking = ids.map(async (id, index) => {
          await pause(index);
          const response = await fetch(`${server.url}/v2/images/${id}`, { method: "DELETE" });
          responses.set(id, response.status);
        });
        const all = Promise.allSettled(asking);
        await pause(wait);
        await server.crash();
        await all;
        server = await serve(dir, options(dir));
        for (const id of ids) verdicts.push(await verdict(server, dir, id, bytes, responses.get(id) ?? null));
      });
    }
    assert.ok(verdicts.includes("gone") && verdicts.includes("whole"), "kills before and after");
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("kill -9 between a store's commit and its record, then a delayed deletion: no file stays", async () => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-delete-" });
  const set = {
    ...options(dir),
    OS_DATABASE__CONNECTION: `sqlite:///${dir}/glance.sqlite`,
    OS_DEFAULT__DELAYED_DELETE: "true",
    // Long enough for the deletion, before the other process looks for dead transfers.
    OS_ONEGLANCE__TASK_LEASE_TIMEOUT: "12",
  };
  const bytes = noise(SIZE);
  const go = Promise.withResolvers<void>();
  let asked = 0;
  const source = site(async () => {
    asked++;
    await go.promise;
    return new Response(bytes);
  });
  const dies = await serve(`${dir}/1`, set);
  const lives = await serve(`${dir}/2`, set);
  const database = new EmbeddedConn(`${dir}/glance.sqlite`, 5000);
  try {
    const id = await newImage(dies.url);
    await post(dies, id, { method: { name: "web-download", uri: source.url }, stores: ["a", "b"] });
    await seen("the source is asked", () => asked === 1);
    // The next write would be the record.
    database.exec("BEGIN IMMEDIATE");
    go.resolve();
    await seen("the data is committed", () => filesIn(`${dir}/a`).concat(filesIn(`${dir}/b`)).includes(id));
    await dies.crash();
    database.exec("ROLLBACK");
    const response = await fetch(`${lives.url}/v2/images/${id}`, { method: "DELETE" });
    assert.equal(response.status, 204, await response.text());
    const files = () => ["a", "b", "staging"].flatMap((name) => filesIn(`${dir}/${name}`));
    await until("the other process has cleared up", () => files().length === 0, 12);
    assert.equal((await fetch(`${lives.url}/v2/images/${id}`)).status, 404);
  } finally {
    database.close();
    await dies.crash();
    await lives.crash();
    await source.close();
    await Deno.remove(dir, { recursive: true });
  }
});
