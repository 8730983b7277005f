/** Storage that hangs: `filesystem_store_timeout` ends the wait with 503, and all is as before (docs/reference/images-api.md §2.5 to §2.7, §2.11). */
import assert from "node:assert/strict";
import { GlanceError } from "../../src/errors.ts";
import { hang } from "../support/hang.ts";
import { FORMATS, importNow, nothingInProgress, staged, threeStores } from "../support/imports.ts";
import { OPEN_LOCATIONS } from "../support/locations.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";
import { add, remove } from "../support/patch_rows.ts";

const LIMITS = {
  "backend_defaults.filesystem_store_timeout": "1",
  "os_glance_staging_store.filesystem_store_timeout": "1",
  "DEFAULT.show_multiple_locations": "true",
};
const TEXT = "Operation timed out after 1s. Check storage health and connectivity.";
const OCTETS = { "content-type": "application/octet-stream" };

const put = (service: TestService, id: string, what: "file" | "stage") =>
  service.ask(`/v2/images/${id}/${what}`, OWNER, { method: "PUT", headers: OCTETS, body: "data" });

async function refused(response: Response, text: string): Promise<void> {
  const { message } = await response.json();
  assert.equal(response.status, 503);
  assert.equal(message, `${text}<br /><br />\n\n\n`);
}

async function inAAndB(service: TestService): Promise<string> {
  const id = await staged(service, "data", { visibility: "community" });
  await importNow(service, id, { method: { name: "glance-direct" }, stores: ["a", "b"] });
  return id;
}

async function untouched(service: TestService, id: string): Promise<void> {
  const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  assert.deepEqual([image.status, image.stores, image.locations.length], ["active", "a,b", 2]);
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
  assert.deepEqual(await service.deps.db.read.deletions.list(), []);
  await nothingInProgress(service);
}

Deno.test("storage that hangs", async (t) => {
  await using service = await threeStores(LIMITS);
  const { dir } = service;
  for (const [what, folder] of [["file", "a"], ["stage", "staging"]] as const) {
    await t.step(`PUT ${what}: 503, queued, and again when it goes on`, async () => {
      const { id } = await service.create(OWNER, FORMATS);
      const hanging = hang(`${dir}/${folder}`);
      await refused(await put(service, id, what), TEXT);
      await hanging.release();
      const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
      assert.deepEqual([image.status, image.size], ["queued", null]);
      await nothingInProgress(service);
      assert.deepEqual(filesIn(`${dir}/a`).filter((name) => name.includes(id)), []);
      assert.equal((await put(service, id, what)).status, 204);
      assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
    });
  }
  const deletions: [name: string, folder: string, why: string, ask: (id: string) => Promise<Response>][] = [
    [
      "DELETE of the image",
      "a",
      "Image {id} could not be deleted because",
      (id) => service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" }),
    ],
    [
      "DELETE from a store",
      "b",
      "The data for Image {id} could not be deleted because",
      (id) => service.ask(`/v2/stores/b/${id}`, ADMIN, { method: "DELETE" }),
    ],
    [
      "PATCH that removes a location",
      "b",
      "The data for Image {id} could not be deleted because",
      (id) => service.patch(id, ADMIN, [remove("/locations/1")]),
    ],
  ];
  for (const [name, folder, why, ask] of deletions) {
    await t.step(`${name}: 503, and nothing is removed when the storage goes on`, async () => {
      const id = await inAAndB(service);
      const hanging = hang(`${dir}/${folder}`, ["lstat"]);
      const text = `${why.replace("{id}", id)} the filesystem store operation timed out: ${TEXT}`;
      await refused(await ask(id), text);
      await hanging.release();
      await untouched(service, id);
    });
  }
  await t.step("a deletion that the storage completes later can be repeated", async () => {
    const id = await inAAndB(service);
    const hanging = hang(`${dir}/b`, ["remove"]);
    const ask = () => service.ask(`/v2/stores/b/${id}`, ADMIN, { method: "DELETE" });
    assert.equal((await ask()).status, 503);
    await hanging.release();
    assert.ok(!filesIn(`${dir}/b`).includes(id));
    assert.equal((await ask()).status, 204);
    const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
    assert.deepEqual([image.status, image.stores], ["active", "a"]);
  });
});

Deno.test("a location whose store does not say its size in time: 503, nothing is added", async () => {
  await using service = await startService(OPEN_LOCATIONS);
  const http = service.deps.stores.all.find(({ type }) => type === "http")!;
  http.size = () => Promise.reject(new GlanceError("store_timeout", TEXT));
  const { id } = await service.create(OWNER, FORMATS);
  const location = { url: "http://127.0.0.1:80/x", metadata: {} };
  await refused(await service.patch(id, OWNER, [add("/locations/-", location)]), TEXT);
  const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  assert.deepEqual([image.status, image.locations], ["queued", []]);
});
