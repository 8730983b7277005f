/**
 * After kill -9 at any step of adding a location the image is queued or active, with one location at most, and has the
 * same hashes as without the kill (docs/reference/images-api.md §2.10.2).
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  assertSettled,
  moment,
  partOf,
  pause,
  postJson,
  site,
  SIZE,
  STORES,
  table,
  tasksOf,
} from "../support/crash.ts";
import { newImage, noise, type Served, show, until } from "../support/served.ts";

const set = () => ({
  OS_DEFAULT__ENABLED_BACKENDS: [...STORES.map((id) => `${id}:file`), "web:http"].join(","),
});

const hashOf = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest("hex");
const bytes = noise(SIZE);
const RIGHT = { os_hash_algo: "sha256", os_hash_value: hashOf("sha256", bytes) };
const WRONG = { os_hash_algo: "sha256", os_hash_value: "0".repeat(64) };
const HASHES = { right: RIGHT, wrong: WRONG, none: {} };
const UNKNOWN = { checksum: null, os_hash_algo: null, os_hash_value: null };

/** The point of the kill, and how the source behaves afterwards. */
interface Row {
  hash: keyof typeof HASHES;
  /** The kill comes at the request for the size, or after so many bytes of data. */
  at: "size" | number;
  wait: number;
  later: "same" | "gone";
  /** How many reads of the data break off first. */
  broken?: number;
}

const ROWS: Row[] = (["right", "wrong", "none"] as const).flatMap((hash): Row[] => [
  { hash, at: "size", wait: 0, later: "same" },
  { hash, at: 0, wait: 0, later: "same" },
  { hash, at: SIZE / 2, wait: 20, later: "same" },
  { hash, at: SIZE / 2, wait: 0, later: "gone" },
  { hash, at: SIZE / 2, wait: 0, later: "same", broken: 2 },
  ...[0, 10, 40].map((wait): Row => ({ hash, at: SIZE, wait, later: "same" })),
]);

const size = { headers: { "content-length": String(SIZE) } };

function source(row: Row, reached: () => void) {
  let [whole, read] = [false, 0];
  const server = site(async ({ method }) => {
    if (whole) {
      if (row.later === "gone") return new Response("", { status: 404 });
      return method === "HEAD" ? new Response(null, size) : new Response(bytes);
    }
    if (method === "GET" && read++ < (row.broken ?? 0)) {
      return new Response(ReadableStream.from([bytes.subarray(0, 1000)]), size);
    }
    if (method === "GET" && row.at !== "size") return partOf(bytes, row.at, reached);
    if (row.at !== "size") return new Response(null, size);
    reached();
    return await new Promise<Response>(() => {});
  });
  return { ...server, restart: () => void (whole = true) };
}

const add = (server: Served, id: string, url: string, validation_data: unknown) =>
  postJson(server, `/v2/images/${id}/locations`, { url, validation_data });

const urlsOf = async (server: Served, id: string): Promise<string[]> =>
  (await (await fetch(`${server.url}/v2/images/${id}/locations`)).json())
    .map(({ url }: { url: string }) => url);

/** Checks size and hashes of the data: the given hash, or the server's own. */
async function assertHashed(server: Served, id: string, algorithm: string): Promise<void> {
  const { size, checksum, os_hash_algo, os_hash_value } = await show(server.url, id);
  assert.deepEqual({ size, checksum, os_hash_algo, os_hash_value }, {
    size: SIZE,
    checksum: hashOf("md5", bytes),
    os_hash_algo: algorithm,
    os_hash_value: hashOf(algorithm, bytes),
  });
}

async function assertNotHashed(server: Served, id: string): Promise<void> {
  const { checksum, os_hash_algo, os_hash_value } = await show(server.url, id);
  assert.deepEqual({ checksum, os_hash_algo, os_hash_value }, UNKNOWN);
}

Deno.test("kill -9 while a location is added", async (t) => {
  await table(
    t,
    ROWS,
    ({ hash, at, wait, later, broken }) =>
      `${hash} hash, at ${at} and ${wait} ms, ${broken ?? 0} tries broken, source then ${later}`,
    async (server, dir, row) => {
      const { reached, promise } = moment();
      const web = source(row, reached);
      const id = await newImage(server.url);
      const posting = add(server, id, web.url, HASHES[row.hash]);
      await promise;
      await pause(row.wait);
      web.restart();
      return async (again) => {
        await posting;
        const fails = row.hash === "wrong" || row.later === "gone" && row.hash === "right";
        const status = fails ? "queued" : "active";
        await assertSettled(again, dir, id, bytes, [status]);
        assert.deepEqual(await urlsOf(again, id), [web.url]);
        const [task] = await tasksOf(again, id);
        assert.equal(task!.status, fails ? "failure" : "success");
        if (fails) assert.match(task!.message, row.later === "gone" ? /not have the image/ : /another hash/);
        if (fails || row.later === "gone") await assertNotHashed(again, id);
        else await assertHashed(again, id, row.hash === "right" ? "sha256" : "sha512");
        if (row.hash === "wrong" && row.later === "same") {
          await add(again, id, web.url, RIGHT);
          await assertSettled(again, dir, id, bytes, ["active"]);
          assert.deepEqual(await urlsOf(again, id), [web.url]);
          await assertHashed(again, id, "sha256");
        }
        await web.close();
      };
    },
    { set, together: ({ at, wait }) => at === SIZE ? wait : "lasts" },
  );
});

Deno.test("kill -9 while a location is added without hashing: its data is not read", async (t) => {
  const rows = (["size", 0, 5, 20] as const).flatMap((at) =>
    (["right", "none"] as const).map((hash) => ({ at, hash }))
  );
  await table(
    t,
    rows,
    ({ at, hash }) => `${hash} hash, ${at === "size" ? "at the size" : `${at} ms after it`}`,
    async (server, dir, { at, hash }) => {
      const { reached, promise } = moment();
      let whole = at !== "size";
      const methods: string[] = [];
      const web = site(async ({ method }) => {
        methods.push(method);
        reached();
        return whole ? new Response(null, size) : await new Promise<Response>(() => {});
      });
      const id = await newImage(server.url);
      const posting = add(server, id, web.url, HASHES[hash]);
      await promise;
      await pause(Number(at) || 0);
      whole = true;
      return async (again) => {
        await posting;
        await assertSettled(again, dir, id, bytes, ["active"]);
        assert.deepEqual(await urlsOf(again, id), [web.url]);
        const { checksum, os_hash_algo, os_hash_value } = await show(again.url, id);
        const known = hash === "right" ? { ...UNKNOWN, ...RIGHT } : UNKNOWN;
        assert.deepEqual({ checksum, os_hash_algo, os_hash_value }, known);
        assert.deepEqual([...new Set(methods)], ["HEAD"]);
        await web.close();
      };
    },
    { set: () => ({ ...set(), OS_DEFAULT__DO_SECURE_HASH: "false" }), together: ({ at }) => at },
  );
});

Deno.test("after three runs that were killed while hashing, the task fails", async (t) => {
  let asked = 0;
  const web = site(({ method }) => {
    if (method === "HEAD") return new Response(null, size);
    asked++;
    return partOf(bytes, SIZE / 2, () => {});
  });
  const ids: string[] = [];
  await table(
    t,
    [2, 4, 6],
    (reads) => `both are read for the ${["first", "second", "third"][reads / 2 - 1]} time`,
    async (server, dir, reads) => {
      for (const hash of ids.length > 0 ? [] : [RIGHT, {}]) {
        const id = await newImage(server.url);
        ids.push(id);
        await add(server, id, web.url, hash);
      }
      await until("both are read", () => asked === reads);
      return async (again) => {
        if (reads < 6) return;
        const [given, none] = ids as [string, string];
        await assertSettled(again, dir, given, bytes, ["queued"]);
        await assertSettled(again, dir, none, bytes, ["active"]);
        assert.equal(asked, reads);
        const [task] = await tasksOf(again, given);
        assert.match(task!.message, /was ended while it worked on the location/);
        for (const id of ids) {
          await assertNotHashed(again, id);
          assert.deepEqual(await urlsOf(again, id), [web.url]);
        }
      };
    },
    { set },
  );
  await web.close();
});
