/**
 * After kill -9 in a glance-download the image is as before, or complete. The service does not store the caller's token,
 * so no process can resume the download: the task says so, and sends no further request to the other service
 * (docs/reference/images-api.md §2.8.6).
 */
import assert from "node:assert/strict";
import { assertSettled, moment, partOf, pause, post, site, SIZE, table, tasksOf } from "../support/crash.ts";
import { newImage, noise, show, until } from "../support/served.ts";

const REMOTE = "11111111-2222-4333-8444-555555555555";
const TOKEN = "a-token-of-the-caller";
/** The image's own properties, and those in the other service. */
const LOCAL = { disk_format: "iso", container_format: "bare", hw_disk_bus: "ide", kept: "k" };
const COPIED = { disk_format: "raw", hw_disk_bus: "virtio", os_distro: "debian" };

const ROWS: { at: "metadata" | "success" | number; wait: number }[] = [
  { at: "metadata", wait: 0 },
  { at: 0, wait: 10 },
  { at: SIZE / 2, wait: 20 },
  ...[0, 5, 20, 60, 120, 200].map((wait) => ({ at: SIZE, wait })),
  { at: "success", wait: 0 },
];

/** The identity headers that a front end sends after it has validated the token. */
function identity(url: string): Record<string, string> {
  const endpoints = [{ region: "far", publicURL: url }];
  return {
    "x-identity-status": "Confirmed",
    "x-user-id": "u1",
    "x-project-id": "p1",
    "x-roles": "admin,member,reader",
    "x-auth-token": TOKEN,
    "x-service-catalog": JSON.stringify([{ type: "image", name: "glance", endpoints }]),
  };
}

Deno.test("kill -9 in a glance-download", async (t) => {
  const bytes = noise(SIZE);
  await table(
    t,
    ROWS,
    ({ at, wait }) => typeof at === "string" ? `at ${at}` : `after ${at} bytes and ${wait} ms`,
    async (server, dir, { at, wait }) => {
      const { reached, promise } = moment();
      const asked: string[] = [];
      let whole = false;
      const remote = site(async ({ url, headers }) => {
        assert.equal(headers.get("x-auth-token"), TOKEN);
        const { pathname } = new URL(url);
        asked.push(pathname);
        if (pathname.endsWith("/file")) {
          return whole || typeof at === "string" ? new Response(bytes) : partOf(bytes, at, reached);
        }
        if (at === "metadata" && !whole) {
          reached();
          await new Promise(() => {});
        }
        return Response.json({
          ...COPIED,
          status: "active",
          size: SIZE,
          container_format: "bare",
          other: "no",
        });
      });
      const id = await newImage(server.url, LOCAL);
      const method = { name: "glance-download", glance_region: "far", glance_image_id: REMOTE };
      const body = { method, stores: ["a", "c"] };
      const posting = post(server, id, body, identity(remote.url));
      if (at === "success") {
        await until("the task ends", async () => (await tasksOf(server, id))[0]?.status === "success");
      } else await promise;
      await pause(wait);
      return async (again) => {
        await posting;
        const before = asked.length;
        const assertCopied = async () => {
          const { stores, disk_format, hw_disk_bus, os_distro } = await show(again.url, id);
          assert.deepEqual({ stores, disk_format, hw_disk_bus, os_distro }, { stores: "a,c", ...COPIED });
          // Tasks of one second have no order on MariaDB.
          assert.ok((await tasksOf(again, id)).some(({ status }) => status === "success"));
        };
        const status = await assertSettled(again, dir, id, bytes, ["queued", "active"]);
        assert.equal(asked.length, before, "the other service was asked again");
        if (at === "success") assert.equal(status, "active");
        if (at !== "success" && at !== SIZE) assert.equal(status, "queued");
        if (status === "queued") {
          const [task] = await tasksOf(again, id);
          assert.equal(task!.status, "failure");
          assert.match(task!.message, /was ended while it worked on the task, and cannot go on with it/);
          const image = await show(again.url, id);
          assert.deepEqual({ ...image, ...LOCAL }, image);
          assert.deepEqual([image.os_distro, image.other], [undefined, undefined]);
          assert.equal(image.os_glance_failed_import, "a,c");
          whole = true;
          await post(again, id, body, identity(remote.url));
          await assertSettled(again, dir, id, bytes, ["active"]);
        }
        await assertCopied();
        await remote.close();
      };
    },
    {
      set: () => ({
        OS_DEFAULT__ENABLED_IMPORT_METHODS: "[glance-download]",
        OS_ONEGLANCE__IDENTITY_HEADERS_FROM: "127.0.0.1/32",
      }),
      together: (row) => row.at === "metadata" || Number(row.at) < SIZE ? "lasts" : row,
    },
  );
});
