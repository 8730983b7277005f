/** After kill -9 at any moment of a deletion an image is whole and active, or gone together with its bytes (design: promises). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { filesIn, newImage, noise, serve, type Served, until } from "../support/served.ts";

const SIZE = 1 << 20;
const IMAGES = 8;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function options(dir: string): Record<string, string> {
  return {
    OS_DEFAULT__ENABLED_BACKENDS: "a:file,b:file",
    OS_GLANCE_STORE__DEFAULT_BACKEND: "a",
    OS_A__FILESYSTEM_STORE_DATADIR: `${dir}/a`,
    OS_B__FILESYSTEM_STORE_DATADIR: `${dir}/b`,
    OS_OS_GLANCE_STAGING_STORE__FILESYSTEM_STORE_DATADIR: `${dir}/staging`,
  };
}

async function put(server: Served, id: string, what: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = { "content-type": "application/octet-stream" };
  const response = await fetch(`${server.url}/v2/images/${id}/${what}`, {
    method: "PUT",
    headers,
    body: bytes,
  });
  assert.equal(response.status, 204, await response.text());
}

/** An image with its data in both stores. */
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

/** Whole, or gone with all its bytes; what the client heard holds. */
async function verdict(
  server: Served,
  dir: string,
  id: string,
  bytes: Uint8Array,
  heard: number | null,
): Promise<"whole" | "gone"> {
  const response = await fetch(`${server.url}/v2/images/${id}`);
  const text = await response.text();
  if (response.status === 404) {
    await until(`the bytes of ${id} are gone`, () => filesOf(dir, id).length === 0);
    return "gone";
  }
  assert.equal(heard, null, "an image that was deleted is back");
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
  const seen: string[] = [];
  try {
    for (const wait of [0, 2, 4, 6, 8, 10, 13, 17, 25, 40]) {
      await t.step(`after ${wait} ms`, async () => {
        const ids: string[] = [];
        for (let n = 0; n < IMAGES; n++) {
          if (n % 4 !== 3) ids.push(await inBoth(server, bytes));
          else {
            const id = await newImage(server.url);
            await put(server, id, "stage", bytes);
            ids.push(id);
          }
        }
        const heard = new Map<string, number>();
        const asking = ids.map(async (id, index) => {
          await pause(index / 2);
          const response = await fetch(`${server.url}/v2/images/${id}`, { method: "DELETE" });
          heard.set(id, response.status);
        });
        const all = Promise.allSettled(asking);
        await pause(wait);
        await server.crash();
        await all;
        server = await serve(dir, options(dir));
        for (const id of ids) seen.push(await verdict(server, dir, id, bytes, heard.get(id) ?? null));
      });
    }
    assert.ok(seen.includes("gone") && seen.includes("whole"), "kills before and after");
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});
