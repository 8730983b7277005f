/** When the process of an import dies before the image is active, recovery undoes the import's changes (docs/reference/images-api.md §2.8.3). */
import assert from "node:assert/strict";
import { recoverTasks } from "../../src/tasks/start.ts";
import { processName } from "../../src/util/process_name.ts";
import { FORMATS, nothingInProgress, outcome, stage, threeStores } from "../support/imports.ts";
import { filesIn, newImage, noise, serve, show, until } from "../support/served.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";

const DEAD = processName().replace(/-[^-]+-/, "-00000000-");
const FUTURE = 1_000_000_000;
const GLANCE_DIRECT = { method: { name: "glance-direct" } };

/** Creates a staged image that the import of a dead process has changed. */
async function changed(
  service: TestService,
  { backend = [null] as (string | null)[], recorded = [] as string[], all = true } = {},
): Promise<string> {
  const { id } = await service.create(OWNER, { ...FORMATS, kept: "old", other: "x" });
  await stage(service, id, "data");
  const { write } = service.deps.db;
  const import_req = { ...GLANCE_DIRECT, all_stores_must_succeed: all };
  await write.tasks.start({
    lock: true,
    lease: { image_id: id, token: id, owner: DEAD, seconds: FUTURE, caller: '{"projectId":"p1"}' },
    task: {
      id: crypto.randomUUID(),
      type: "api_image_import",
      owner: "p1",
      image_id: id,
      request_id: "req-1",
      user_id: "user",
      input: { image_id: id, import_req, backend },
    },
  });
  await write.images.transition({ id, from: ["uploading"], to: "importing", task: id, limit: null });
  await write.images.transition({
    id,
    from: ["importing"],
    to: "same",
    task: id,
    columns: { disk_format: "qcow2", container_format: "compressed", virtual_size: 9 },
    setProperties: { kept: "new", added: "y" },
    taskBefore: JSON.stringify({
      columns: { disk_format: "raw", container_format: "bare", virtual_size: null },
      properties: { kept: "old", added: null },
    }),
    limit: null,
  });
  for (const store of recorded) {
    await Deno.writeTextFile(`${service.dir}/${store}/${id}`, "data");
    await write.images.transition({
      id,
      from: ["importing", "active"],
      to: all ? "same" : "active",
      task: id,
      columns: { size: 4 },
      addLocations: [{ url: `file://${service.dir}/${store}/${id}`, metadata: { store } }],
      setProperties: { os_glance_importing_to_stores: "b", os_glance_failed_import: "" },
      limit: null,
    });
  }
  return id;
}

async function recover(service: TestService): Promise<void> {
  await recoverTasks(service.deps);
  await service.deps.background.settled();
  await nothingInProgress(service);
}

const SET_BACK = {
  status: "queued",
  size: null,
  virtual_size: null,
  disk_format: "raw",
  container_format: "bare",
  kept: "old",
  other: "x",
};
const pick = (image: Record<string, unknown>, like: Record<string, unknown>) =>
  Object.fromEntries(Object.keys(like).map((name) => [name, image[name]]));

Deno.test("attributes and properties are as before, and added properties are gone", async () => {
  await using service = await startService();
  const id = await changed(service);
  await recover(service);
  const { image, task } = await outcome(service, id);
  assert.deepEqual(pick(image, SET_BACK), SET_BACK);
  assert.ok(!("added" in image));
  assert.equal(task.status, "failure");
});

Deno.test("the same with data in one of two required stores", async () => {
  await using service = await threeStores();
  const id = await changed(service, { backend: ["a", "b"], recorded: ["a"] });
  await recover(service);
  const { image } = await outcome(service, id);
  assert.deepEqual(pick(image, SET_BACK), SET_BACK);
  assert.deepEqual([...filesIn(`${service.dir}/a`), ...filesIn(`${service.dir}/b`)], []);
});

Deno.test("an image that became active with its first store stays active; the other stores have failed", async () => {
  await using service = await threeStores();
  const id = await changed(service, { backend: ["a", "b"], recorded: ["a"], all: false });
  await Deno.writeTextFile(`${service.dir}/b/${id}`, "not recorded");
  await recover(service);
  const { image, task } = await outcome(service, id);
  const stays = {
    status: "active",
    disk_format: "qcow2",
    kept: "new",
    added: "y",
    stores: "a",
    os_glance_importing_to_stores: "",
    os_glance_failed_import: "b",
  };
  assert.deepEqual(pick(image, stays), stays);
  assert.equal(task.status, "failure");
  assert.deepEqual(filesIn(`${service.dir}/b`), []);
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
});

Deno.test("kill -9 during the write of data that plugins have changed", async () => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-before-" });
  const options = {
    OS_DEFAULT__ENABLED_BACKENDS: "a:file,b:file",
    OS_GLANCE_STORE__DEFAULT_BACKEND: "a",
    OS_A__FILESYSTEM_STORE_DATADIR: `${dir}/a`,
    OS_B__FILESYSTEM_STORE_DATADIR: `${dir}/b`,
    OS_OS_GLANCE_STAGING_STORE__FILESYSTEM_STORE_DATADIR: `${dir}/staging`,
    OS_IMAGE_IMPORT_OPTS__IMAGE_IMPORT_PLUGINS: "[inject_image_metadata]",
    OS_INJECT_METADATA_PROPERTIES__INJECT: "colour:red,added:by-import",
    OS_INJECT_METADATA_PROPERTIES__IGNORE_USER_ROLES: "nobody",
  };
  let server = await serve(dir, options);
  try {
    let hits = 0;
    for (let attempt = 0; attempt < 6 && hits < 2; attempt++) {
      const bytes = noise(64 << 20);
      const id = await newImage(server.url, { colour: "blue" });
      const put = await fetch(`${server.url}/v2/images/${id}/stage`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: bytes,
      });
      assert.equal(put.status, 204);
      const post = await fetch(`${server.url}/v2/images/${id}/import`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...GLANCE_DIRECT, all_stores: true }),
      });
      assert.equal(post.status, 202);
      let image: Record<string, unknown> = {};
      await until("the properties are injected", async () => {
        image = await show(server.url, id);
        return image.added === "by-import";
      });
      await server.crash();
      server = await serve(dir, options);
      await until("the task has ended", async () => {
        image = await show(server.url, id);
        return !("os_glance_import_task" in image) && image.status !== "importing";
      });
      if (image.status === "active") {
        assert.deepEqual([image.colour, image.added], ["red", "by-import"]);
        continue;
      }
      hits++;
      assert.deepEqual([image.status, image.colour, image.added], ["queued", "blue", undefined]);
      for (const folder of ["a", "b", "staging"]) assert.deepEqual(filesIn(`${dir}/${folder}`), [], folder);
      await fetch(`${server.url}/v2/images/${id}`, { method: "DELETE" });
    }
    assert.ok(hits > 0, "a kill between the change and the end");
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});
