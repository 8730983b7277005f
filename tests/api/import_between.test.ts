/** What others do to an image while it is staged, waits for its import, or is imported (docs/reference/images-api.md §2.7, §2.8). */
import assert from "node:assert/strict";
import { GlanceError } from "../../src/errors.ts";
import {
  FORMATS,
  importNow,
  nothingInProgress,
  outcome,
  postImport,
  serveSite,
  staged,
  threeStores,
} from "../support/imports.ts";
import { filesIn, until } from "../support/served.ts";
import { ADMIN, OWNER, type TestService } from "../support/service.ts";

const GLANCE_DIRECT = { method: { name: "glance-direct" } };

/** A body that stops after its first bytes until `go` is called. */
function held(bytes = "half") {
  const { promise, resolve: go } = Promise.withResolvers<void>();
  const body = () =>
    new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode(bytes));
        await promise;
        controller.close();
      },
    });
  return { body, go };
}

function put(service: TestService, id: string, what: "file" | "stage", body: unknown): Promise<Response> {
  const headers = { "content-type": "application/octet-stream" };
  return service.ask(`/v2/images/${id}/${what}`, OWNER, { method: "PUT", headers, body });
}

const statusOf = async (service: TestService, id: string) => (await outcome(service, id, ADMIN)).image.status;

Deno.test("data that is still being staged is not imported, and goes on coming", async () => {
  await using service = await threeStores();
  const { id } = await service.create(OWNER, FORMATS);
  const source = held();
  const staging = put(service, id, "stage", source.body());
  await until("staging begins", async () => await statusOf(service, id) === "uploading");
  const early = await postImport(service, id, GLANCE_DIRECT);
  assert.equal(early.status, 409);
  assert.match(await early.text(), /still being staged/);
  source.go();
  assert.equal((await staging).status, 204);
  const { image } = await importNow(service, id, GLANCE_DIRECT);
  assert.deepEqual([image.status, image.size], ["active", 4]);
  await nothingInProgress(service);
});

Deno.test("what is made of an image whose import waits for its turn is left to who made it", async (t) => {
  const source = held();
  await using site = serveSite(() => new Response(source.body()));
  await using service = await threeStores({ "taskflow_executor.max_workers": "1" });
  const body = { method: { name: "web-download", uri: site.url }, stores: ["b"] };
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push((await service.create(OWNER, FORMATS)).id);
  const [first, uploaded, uploading, waiting] = ids as [string, string, string, string];
  for (const id of ids) assert.equal((await postImport(service, id, body)).status, 202);
  assert.equal((await put(service, uploaded, "file", "mine")).status, 204);
  const slow = held();
  const upload = put(service, uploading, "file", slow.body());
  await until("the upload begins", async () => await statusOf(service, uploading) === "saving");
  assert.equal((await put(service, waiting, "stage", "staged")).status, 204);
  source.go();
  await service.deps.background.settled();
  assert.equal(await statusOf(service, first), "active");
  for (const id of [uploaded, uploading, waiting]) {
    const { task, image } = await outcome(service, id);
    assert.equal(task.status, "failure");
    assert.ok(!("os_glance_import_task" in image));
  }
  await t.step("an upload stays active", async () => {
    const { image } = await outcome(service, uploaded);
    assert.deepEqual([image.status, image.stores], ["active", "a"]);
  });
  await t.step("an upload under way ends", async () => {
    slow.go();
    assert.equal((await upload).status, 204);
    assert.equal(await statusOf(service, uploading), "active");
  });
  await t.step("staged data stays, and is imported", async () => {
    assert.equal(await statusOf(service, waiting), "uploading");
    const { image } = await importNow(service, waiting, GLANCE_DIRECT);
    assert.deepEqual([image.status, image.size], ["active", 6]);
  });
  await nothingInProgress(service);
});

Deno.test("an import waits for what becomes of the deletion that ended it", async (t) => {
  for (const all of [true, false]) {
    const says = all ? "queued, nothing anywhere" : "active with the data of its first store";
    await t.step(`a store refuses: ${says}`, async () => {
      await using service = await threeStores({ "image_import_opts.max_parallel_stores": "1" });
      const [a, b] = [service.deps.stores.byId("a")!, service.deps.stores.byId("b")!];
      const open = b.open.bind(b);
      const opening = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      b.open = async (...given) => {
        opening.resolve();
        await opened.promise;
        return await open(...given);
      };
      a.delete = async () => {
        opened.resolve();
        await new Promise((resolve) => setTimeout(resolve, 300));
        throw new GlanceError("store_in_use");
      };
      const id = await staged(service, "data");
      const body = { ...GLANCE_DIRECT, stores: ["a", "b"], all_stores_must_succeed: all };
      assert.equal((await postImport(service, id, body)).status, 202);
      await opening.promise;
      const refused = await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
      assert.equal(refused.status, 409);
      await service.deps.background.settled();
      const { image, task } = await outcome(service, id);
      assert.equal(task.status, "failure");
      assert.deepEqual([image.status, image.stores], all ? ["queued", undefined] : ["active", "a"]);
      assert.equal(image.os_glance_importing_to_stores, "");
      assert.deepEqual(filesIn(`${service.dir}/a`), all ? [] : [id]);
      assert.deepEqual(filesIn(`${service.dir}/b`), []);
      await nothingInProgress(service);
    });
  }
});

Deno.test("nobody else brings data to the image of a legacy import", async () => {
  const source = held();
  await using site = serveSite(() => new Response(source.body()));
  await using service = await threeStores();
  const image_properties = { disk_format: "raw", container_format: "bare", visibility: "public" };
  const input = { import_from: site.url, import_from_format: "raw", image_properties };
  const body = { type: "import", input };
  const task = await (await service.ask("/v2/tasks", ADMIN, { method: "POST", body })).json();
  const images = async () => (await (await service.ask("/v2/images", ADMIN)).json()).images;
  await until("the image is there", async () => (await images()).length === 1);
  const [{ id, status }] = await images();
  assert.equal(status, "importing");
  const headers = { "content-type": "application/octet-stream" };
  for (const what of ["file", "stage"]) {
    const asked = { method: "PUT", headers, body: "other" };
    assert.equal((await service.ask(`/v2/images/${id}/${what}`, ADMIN, asked)).status, 409);
  }
  source.go();
  await service.deps.background.settled();
  const ended = await (await service.ask(`/v2/tasks/${task.id}`, ADMIN)).json();
  assert.deepEqual([ended.status, ended.result], ["success", { image_id: id }]);
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, ADMIN)).text(), "half");
  await nothingInProgress(service);
});
