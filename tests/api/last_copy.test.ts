/** However copies of an image are removed, one stays (docs/reference/images-api.md §2.11, §5.6; design: promises). */
import assert from "node:assert/strict";
import { GlanceError } from "../../src/errors.ts";
import { FORMATS, nothingInProgress, outcome, postImport, threeStores } from "../support/imports.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, type TestService } from "../support/service.ts";
import { shown } from "../support/stored.ts";

/** An active image with the same data in a and b. */
async function inBoth(service: TestService): Promise<string> {
  const { id } = await service.create(OWNER, FORMATS);
  await service.upload(id, OWNER, "data");
  const copy = { method: { name: "copy-image" }, stores: ["b"] };
  assert.equal((await postImport(service, id, copy, ADMIN)).status, 202);
  await service.deps.background.settled();
  return id;
}

const takeFrom = (service: TestService, store: string, id: string) =>
  service.ask(`/v2/stores/${store}/${id}`, ADMIN, { method: "DELETE" });
const takeAt = (service: TestService, position: number, id: string) =>
  service.patch(id, ADMIN, [{ op: "remove", path: `/locations/${position}` }]);

/** Holds back the first data of these stores until all of them have been asked for it, or `others` have answered. */
async function meetAndAnswer(service: TestService, ask: () => Promise<Response>[]): Promise<number[]> {
  const answered = Promise.withResolvers<void>();
  for (const id of ["a", "b"]) {
    const store = service.deps.stores.byId(id)!;
    const real = store.delete.bind(store);
    let first = true;
    store.delete = async (url) => {
      if (first) {
        first = false;
        await Promise.race([answered.promise, new Promise((resolve) => setTimeout(resolve, 300))]);
      }
      await real(url);
    };
  }
  const asked = ask();
  Promise.race(asked).then(() => answered.resolve());
  return (await Promise.all(asked)).map(({ status }) => status).sort();
}

async function assertOneStays(service: TestService, id: string): Promise<void> {
  const { stores, status } = await shown(service, id);
  assert.equal(status, "active");
  assert.ok(stores === "a" || stores === "b", `stores: ${stores}`);
  assert.ok(filesIn(`${service.dir}/${stores}`).includes(id));
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
  await nothingInProgress(service);
  assert.deepEqual(await service.deps.db.read.deletions.list(), []);
}

Deno.test("two requests that each remove another copy: one is refused", async (t) => {
  const rows: [string, (service: TestService, id: string) => Promise<Response>[]][] = [
    ["from two stores", (service, id) => [takeFrom(service, "a", id), takeFrom(service, "b", id)]],
    ["by two PATCHes", (service, id) => [takeAt(service, 0, id), takeAt(service, 1, id)]],
    ["by a PATCH and from a store", (service, id) => [takeAt(service, 0, id), takeFrom(service, "b", id)]],
  ];
  for (const [name, ask] of rows) {
    await t.step(name, async () => {
      await using service = await threeStores({ "DEFAULT.show_multiple_locations": "true" });
      const id = await inBoth(service);
      const [done, refused] = await meetAndAnswer(service, () => ask(service, id));
      assert.ok(done === 200 || done === 204, `${done}`);
      assert.equal(refused, 409);
      await assertOneStays(service, id);
    });
  }
  await t.step("with delayed_delete", async () => {
    await using service = await threeStores({ "DEFAULT.delayed_delete": "true" });
    const id = await inBoth(service);
    const [done, refused] = await meetAndAnswer(
      service,
      () => [takeFrom(service, "a", id), takeFrom(service, "b", id)],
    );
    assert.ok(done === 204 && (refused === 409 || refused === 403), `${done} ${refused}`);
    await assertOneStays(service, id);
  });
});

Deno.test("a store that refuses leaves the copy, and both can be asked again", async () => {
  await using service = await threeStores();
  const id = await inBoth(service);
  const store = service.deps.stores.byId("b")!;
  const real = store.delete.bind(store);
  store.delete = () => Promise.reject(new GlanceError("store_in_use"));
  assert.equal((await takeFrom(service, "b", id)).status, 409);
  store.delete = real;
  assert.equal((await shown(service, id)).stores, "a,b");
  assert.equal((await takeFrom(service, "a", id)).status, 204);
  await assertOneStays(service, id);
});

Deno.test("a copy whose source is removed meanwhile stays when another store fails", async () => {
  await using service = await threeStores({ "image_import_opts.max_parallel_stores": "1" });
  const { id } = await service.create(OWNER, FORMATS);
  await service.upload(id, OWNER, "data");
  const c = service.deps.stores.byId("c")!;
  const opening = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  c.open = async () => {
    opening.resolve();
    await go.promise;
    throw new GlanceError("store_full");
  };
  const copy = { method: { name: "copy-image" }, stores: ["b", "c"] };
  assert.equal((await postImport(service, id, copy, ADMIN)).status, 202);
  await opening.promise;
  assert.equal((await takeFrom(service, "a", id)).status, 204);
  go.resolve();
  await service.deps.background.settled();
  assert.equal((await outcome(service, id, ADMIN)).task.status, "failure");
  await assertOneStays(service, id);
});
