/** The file system of a store that is unmounted under a running service (docs/compatibility.md, `PUT /v2/images/{id}/file`). */
import assert from "node:assert/strict";
import { mayMount, mountSmall, unmount } from "../stores/scratch.ts";
import { FORMATS } from "../support/imports.ts";
import { recordLog } from "../support/logged.ts";
import { filesIn } from "../support/served.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";

const ignore = !await mayMount();
const OCTETS = { "content-type": "application/octet-stream" };

/** A service whose store lies on a file system of its own, and one image in it. */
async function mounted(below = "") {
  const folder = await Deno.makeTempDir({ prefix: "oneglance-mount-" });
  const point = `${folder}/point`;
  await mountSmall(point, "8m");
  const service = await startService({ "glance_store.filesystem_store_datadir": `${point}${below}` });
  const { id } = await service.create(OWNER, FORMATS);
  await service.upload(id, OWNER, "data");
  const saved = await Deno.readFile(`${point}${below}/${id}`);
  return {
    service,
    id,
    point,
    /** Mounts another file system there, with the image on it again. */
    async back() {
      await mountSmall(point, "8m");
      await Deno.mkdir(`${point}${below}`, { recursive: true });
      await Deno.writeFile(`${point}${below}/${id}`, saved);
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await unmount(point).catch(() => {});
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const ask = (service: TestService, method: string, id: string, what = "", body?: string) =>
  service.ask(`/v2/images/${id}${what}`, OWNER, {
    method,
    headers: body ? OCTETS : {},
    ...(body && { body }),
  });

for (const below of ["", "/images"]) {
  Deno.test({
    name:
      `unmounted: 503 for uploads, downloads and deletions, ERROR in the log; all goes on when it is back${below}`,
    ignore,
    async fn() {
      await using place = await mounted(below);
      const { service, id, point } = place;
      const other = await service.create(OWNER, FORMATS);
      assert.equal(await service.deps.stores.default.problem(), null);
      await unmount(point);
      using log = recordLog();

      const upload = await ask(service, "PUT", other.id, "/file", "more");
      assert.equal(upload.status, 503, await upload.text());
      const download = await ask(service, "GET", id, "/file");
      assert.equal(download.status, 503);
      assert.match(await download.text(), /The store of the image data is away/);
      const deletion = await ask(service, "DELETE", id);
      assert.equal(deletion.status, 503);
      assert.match(
        await deletion.text(),
        new RegExp(`Image ${id} could not be deleted because its store is away`),
      );

      assert.deepEqual(filesIn(point), []);
      const lines = log.lines().filter((line) => /the directory .* is gone/.test(line));
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, /^ERROR .*store file: the directory \S+point/);
      assert.match(await service.deps.stores.default.problem() ?? "", /is gone/);

      await place.back();
      assert.equal(await (await ask(service, "GET", id, "/file")).text(), "data");
      assert.equal((await ask(service, "PUT", other.id, "/file", "more")).status, 204);
      assert.equal((await ask(service, "DELETE", id)).status, 204);
      assert.equal(await service.deps.stores.default.problem(), null);
      assert.deepEqual(filesIn(`${point}${below}`), [other.id]);
    },
  });
}

Deno.test("a directory that was made anew is no other store", async () => {
  await using service = await startService();
  const images = `${service.dir}/images`;
  await Deno.rename(images, `${service.dir}/old`);
  const { id } = await service.create(OWNER, FORMATS);
  assert.equal((await ask(service, "PUT", id, "/file", "data")).status, 503);
  await Deno.mkdir(images);
  assert.equal((await ask(service, "PUT", id, "/file", "data")).status, 204);
});

Deno.test("the data of an active image is missing: 204, a WARNING and an ERROR with the id of the request", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, FORMATS);
  await service.upload(id, OWNER, "data");
  await Deno.remove(`${service.dir}/images/${id}`);
  using log = recordLog();
  const response = await service.ask(`/v2/images/${id}/file`, OWNER, {
    headers: { "x-openstack-request-id": "req-7d9a4d2e-64ab-4b1e-9c7c-000000000001" },
  });
  assert.equal(response.status, 204);
  const lines = log.lines().filter((line) => line.includes(id) && !line.includes("status: "));
  assert.deepEqual(lines.map((line) => line.split(" ", 1)[0]), ["WARNING", "ERROR"]);
  for (const line of lines) assert.match(line, /\[req-7d9a4d2e-64ab-4b1e-9c7c-000000000001\]/);
  assert.match(lines[1]!, /is active, and its data is in none of its stores/);
});
