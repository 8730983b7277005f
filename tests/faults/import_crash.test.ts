/**
 * After kill -9 at any step of a stage or an import, every image is complete or as before within one lease: no lock,
 * no task in progress, no unneeded staged file, no data in a store without its image.
 */
import assert from "node:assert/strict";
import {
  assertSettled,
  moment,
  partOf,
  pause,
  post,
  put,
  site,
  SIZE,
  table,
  tasksOf,
} from "../support/crash.ts";
import { newImage, noise, type Served, show } from "../support/served.ts";
import { uploadHead, wire } from "../support/wire.ts";

const bytes = noise(SIZE);

Deno.test("kill -9 while a client stages data", async (t) => {
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
    { together: (row) => row[0] < SIZE ? "lasts" : row },
  );
});

/** How many bytes the source sends before the kill, and how it behaves afterwards. */
interface Source {
  sent: number;
  wait: number;
  later: "same" | "gone";
}

/** Brings a web-download to this point; returns the check of its result. */
async function webDownload(server: Served, dir: string, row: Source) {
  const { reached, promise } = moment();
  let asked = 0;
  const source = site(async () => {
    if (asked++ > 0) {
      return row.later === "same" ? new Response(bytes) : new Response("", { status: 404 });
    }
    if (row.sent >= 0) return partOf(bytes, row.sent, reached);
    reached();
    return await new Promise<Response>(() => {});
  });
  const id = await newImage(server.url);
  const uri = `${source.url}/x`;
  const posting = post(server, id, { method: { name: "web-download", uri }, stores: ["a", "c"] });
  await promise;
  await pause(row.wait);
  return async (again: Served) => {
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
    await source.close();
  };
}

const WAITS = [0, 3, 10, 25, 50, 90, 150, 250];

Deno.test("kill -9 in a web-download, an import of staged data to three stores, and a copy to two more", async (t) => {
  await table(t, WAITS, (wait) => `after ${wait} ms`, async (server, dir, wait) => {
    const staged = await newImage(server.url);
    await put(server, staged, "stage", bytes);
    const copied = await newImage(server.url);
    await put(server, copied, "file", bytes);
    const assertDownloaded = await webDownload(server, dir, { sent: SIZE, wait: 0, later: "same" });
    const posting = [
      post(server, staged, { method: { name: "glance-direct" }, all_stores: true }),
      post(server, copied, { method: { name: "copy-image" }, all_stores: true }),
    ];
    await pause(wait);
    return async (again) => {
      await Promise.all(posting);
      await assertDownloaded(again);
      if (await assertSettled(again, dir, staged, bytes, ["active", "uploading"]) === "active") {
        assert.equal((await show(again.url, staged)).stores, "a,b,c");
      }
      await assertSettled(again, dir, copied, bytes, ["active"]);
      const accepted = (await tasksOf(again, copied)).length > 0;
      assert.equal((await show(again.url, copied)).stores, accepted ? "a,b,c" : "a");
    };
  });
});

Deno.test("kill -9 in a web-download whose source is available afterwards, or gone", async (t) => {
  const rows: Source[] = [
    { sent: -1, wait: 0, later: "same" },
    { sent: 0, wait: 10, later: "gone" },
    { sent: SIZE / 2, wait: 20, later: "same" },
    { sent: SIZE / 2, wait: 20, later: "gone" },
    { sent: SIZE, wait: 10, later: "gone" },
  ];
  await table(
    t,
    rows,
    ({ sent, wait, later }) => `after ${sent} bytes and ${wait} ms, source then ${later}`,
    webDownload,
    { together: (row) => row.sent < SIZE ? "lasts" : row },
  );
});
