/** A process dies after the last change of the image, but before its task has ended: what the next process does. */
import assert from "node:assert/strict";
import type { NewTask } from "../../db/task_records.ts";
import { recoverTasks } from "../../src/tasks/start.ts";
import { processName } from "../../src/util/process_name.ts";
import {
  FORMATS,
  nothingInProgress,
  outcome,
  serveSite,
  staged,
  THREE_STORES,
  threeStores,
} from "../support/imports.ts";
import { serveData, WEB_DATA } from "../support/locations.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";

const DEAD = processName().replace(/-[^-]+-/, "-00000000-");
const HTTP = { "glance_store.stores": "file,http" };
const NO_HASHES = { checksum: null, os_hash_algo: null, os_hash_value: null };

/** Creates a task that a dead process was working on. */
async function processing(
  service: TestService,
  imageId: string,
  { type, input }: Pick<NewTask, "type" | "input">,
): Promise<string> {
  const { write } = service.deps.db;
  const id = crypto.randomUUID();
  await write.tasks.start({
    lock: type !== "import",
    lease: {
      image_id: imageId,
      token: crypto.randomUUID(),
      owner: DEAD,
      seconds: 1_000_000_000,
      caller: '{"projectId":"p1","roles":["member"]}',
    },
    task: {
      id,
      type,
      owner: "p1",
      image_id: type === "import" ? null : imageId,
      request_id: "req-1",
      user_id: "user",
      input,
    },
  });
  await write.tasks.change({ id, from: ["pending"], status: "processing" });
  return id;
}

const importing = (service: TestService, id: string, import_req: { method: unknown }, backend: unknown[]) =>
  processing(service, id, { type: "api_image_import", input: { image_id: id, import_req, backend } });

const locating = (service: TestService, id: string, loc_url: string, validation_data: unknown) =>
  processing(service, id, { type: "location_import", input: { image_id: id, loc_url, validation_data } });

async function recover(service: TestService): Promise<void> {
  await recoverTasks(service.deps);
  await service.deps.background.settled();
  await nothingInProgress(service);
}

async function uploaded(service: TestService, more: Record<string, unknown> = {}): Promise<string> {
  const { id } = await service.create(OWNER, { ...FORMATS, ...more });
  await service.upload(id, OWNER, "data");
  return id;
}

const urlsOf = async (service: TestService, id: string): Promise<string[]> =>
  (await (await service.ask(`/v2/images/${id}/locations`, ADMIN)).json())
    .map(({ url }: { url: string }) => url);

const METHODS = {
  "glance-download": { name: "glance-download", glance_region: "far", glance_image_id: crypto.randomUUID() },
  "glance-direct": { name: "glance-direct" },
};

Deno.test("an import that no process can resume, but that is complete, ends in success", async (t) => {
  for (const [name, method] of Object.entries(METHODS)) {
    await t.step(`${name}, with a plugin`, async () => {
      await using service = await threeStores({
        "image_import_opts.image_import_plugins": "[inject_image_metadata]",
      });
      const id = await uploaded(service, { added: "by-import" });
      await Deno.writeTextFile(`${service.dir}/staging/${id}`, "data");
      await importing(service, id, { method }, ["a"]);
      await service.deps.db.write.images.transition({
        id,
        from: ["active"],
        to: "same",
        taskBefore: JSON.stringify({ columns: {}, properties: { added: null } }),
        limit: null,
      });
      await recover(service);
      const { image, task } = await outcome(service, id);
      assert.deepEqual([image.status, image.stores, image.added], ["active", "a", "by-import"]);
      assert.deepEqual([task.status, task.result], ["success", { image_id: id }], task.message);
      assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
    });
  }
});

Deno.test("the next process imports staged data that no plugin has read yet", async () => {
  await using service = await threeStores({
    "image_import_opts.image_import_plugins": "[inject_image_metadata]",
    "inject_metadata_properties.inject": "added:by-plugin",
  });
  const id = await staged(service, "data");
  await importing(service, id, { method: METHODS["glance-direct"] }, ["a"]);
  await recover(service);
  const { image, task } = await outcome(service, id);
  assert.deepEqual(
    [task.status, image.status, image.added],
    ["success", "active", "by-plugin"],
    task.message,
  );
});

Deno.test("a delayed deletion of an image while its import wrote to stores", async (t) => {
  const input = { import_from: "http://192.0.2.1/" };
  const TASKS: Record<string, (service: TestService, id: string) => Promise<string>> = {
    "import": (service, id) =>
      importing(service, id, { method: { name: "web-download", uri: "http://192.0.2.1/" } }, ["a", "b"]),
    "import task": (service, id) => processing(service, id, { type: "import", input }),
  };
  for (const [name, begin] of Object.entries(TASKS)) {
    for (const [recorded, left] of [[[], []], [["a"], ["a"]]] as [string[], string[]][]) {
      await t.step(`${name}, recorded is ${recorded[0] ?? "none"}: what is not is gone`, async () => {
        await using service = await threeStores({ "DEFAULT.delayed_delete": "true" });
        const { id } = await service.create(OWNER, FORMATS);
        const task = await begin(service, id);
        const addLocations = recorded.map((store) => ({
          url: `${service.deps.stores.byId(store)!.urlPrefix}/${id}`,
          metadata: { store },
        }));
        await service.deps.db.write.images.transition({
          id,
          from: ["queued"],
          to: "importing",
          addLocations,
          limit: null,
        });
        for (const store of ["a", "b"]) await Deno.writeTextFile(`${service.dir}/${store}/${id}`, "data");
        assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
        await recover(service);
        const stores = ["a", "b"].filter((store) => filesIn(`${service.dir}/${store}`).includes(id));
        assert.deepEqual(stores, left);
        const { status, message } = await (await service.ask(`/v2/tasks/${task}`, ADMIN)).json();
        assert.equal(status, "failure");
        assert.notEqual(message, "");
      });
    }
  }
});

Deno.test("a web-download whose image was put back runs again", async (t) => {
  let status = 404;
  await using site = serveSite(() => new Response("data", { status }));
  await using service = await threeStores();
  for (const [answer, wanted] of [[404, "queued"], [200, "active"]] as const) {
    await t.step(`source ${answer}: ${wanted}`, async () => {
      status = answer;
      const { id } = await service.create(OWNER, FORMATS);
      await importing(service, id, { method: { name: "web-download", uri: site.url } }, ["a", "c"]);
      await service.deps.db.write.images.transition({
        id,
        from: ["queued"],
        to: "same",
        setProperties: { os_glance_importing_to_stores: "", os_glance_failed_import: "a,c" },
        limit: null,
      });
      await recover(service);
      const { image, task } = await outcome(service, id);
      assert.equal(image.status, wanted);
      assert.equal(task.status, wanted === "active" ? "success" : "failure");
      assert.equal(image.os_glance_failed_import, wanted === "active" ? "" : "a,c");
      assert.equal(image.stores, wanted === "active" ? "a,c" : undefined);
    });
  }
});

Deno.test("a copy that was put back runs again", async () => {
  await using service = await threeStores();
  const id = await uploaded(service, { os_distro: "debian" });
  await importing(service, id, { method: { name: "copy-image" } }, ["b"]);
  await service.deps.db.write.images.transition({
    id,
    from: ["active"],
    to: "same",
    setProperties: { os_glance_importing_to_stores: "", os_glance_failed_import: "b" },
    limit: null,
  });
  await recover(service);
  const { image, task } = await outcome(service, id);
  assert.deepEqual([image.stores, image.os_glance_failed_import, task.status], ["a,b", "", "success"]);
});

Deno.test("an active location without hashing is not read", async () => {
  const methods: string[] = [];
  await using site = serveSite(({ method }) => {
    methods.push(method);
    return new Response(null, { headers: { "content-length": "10" } });
  });
  await using service = await startService({ ...HTTP, "DEFAULT.do_secure_hash": "false" });
  const { id } = await service.create(OWNER, FORMATS);
  await locating(service, id, site.url, {});
  await service.deps.db.write.images.transition({
    id,
    from: ["queued"],
    to: "active",
    columns: { size: 10 },
    addLocations: [{ url: site.url, metadata: {} }],
    limit: null,
  });
  await recover(service);
  const { image, task } = await outcome(service, id);
  assert.deepEqual({ ...image, ...NO_HASHES, status: "active", size: 10 }, image);
  assert.deepEqual([task.status, methods], ["success", []]);
});

Deno.test("a location with a wrong hash that was put back exists only once", async () => {
  await using site = serveData();
  await using service = await startService(HTTP);
  const { id } = await service.create(OWNER, FORMATS);
  const url = `${site.url}/data`;
  await locating(service, id, url, { os_hash_algo: "md5", os_hash_value: "0".repeat(32) });
  const addLocations = [{ url, metadata: {} }];
  await service.deps.db.write.images.transition({
    id,
    from: ["queued"],
    to: "same",
    addLocations,
    limit: null,
  });
  await recover(service);
  const { image, task } = await outcome(service, id);
  assert.deepEqual({ ...image, ...NO_HASHES, status: "queued", size: null }, image);
  assert.match(task.message, /another hash/);
  assert.deepEqual(await urlsOf(service, id), [url]);
  const other = `${site.url}/data-of-another`;
  const body = { url: other };
  const answer = await service.ask(`/v2/images/${id}/locations`, OWNER, { method: "POST", body });
  assert.equal(answer.status, 202, await answer.text());
  await service.deps.background.settled();
  assert.deepEqual(await urlsOf(service, id), [other]);
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), WEB_DATA);
});

Deno.test("an import task", async (t) => {
  const legacy = { type: "import" as const, input: { import_from: "http://192.0.2.1/" } };
  const end = async (service: TestService, task: string) =>
    await (await service.ask(`/v2/tasks/${task}`, ADMIN)).json();
  await t.step("whose image is active: it stays, and the task succeeds", async () => {
    await using service = await startService(THREE_STORES);
    const id = await uploaded(service);
    await Deno.writeTextFile(`${service.dir}/staging/${id}`, "data");
    const task = await processing(service, id, legacy);
    await recover(service);
    const { status, result, message } = await end(service, task);
    assert.deepEqual([status, result], ["success", { image_id: id }], message);
    assert.equal((await outcome(service, id)).image.status, "active");
  });
  await t.step("whose image was deleted, but not its data: nothing is left", async () => {
    await using service = await startService(THREE_STORES);
    const { id } = await service.create(OWNER, FORMATS);
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
    for (const folder of ["a", "staging"]) await Deno.writeTextFile(`${service.dir}/${folder}/${id}`, "data");
    const task = await processing(service, id, legacy);
    await recover(service);
    const { status, message } = await end(service, task);
    assert.equal(status, "failure");
    assert.match(message, /was ended while it worked on the task/);
    assert.deepEqual(filesIn(`${service.dir}/a`), []);
  });
});

for (const how of ["a stop", "a deletion"] as const) {
  Deno.test(`${how} does not wait for a web server that has fallen silent while it is hashed`, async () => {
    const asked = Promise.withResolvers<void>();
    const site = serveSite(({ method }) => {
      const headers = { "content-length": "10" };
      if (method === "HEAD") return new Response(null, { headers });
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(5)),
        pull: () => asked.resolve(),
      });
      return new Response(body, { headers });
    });
    await using service = await startService(HTTP);
    const { id } = await service.create(OWNER, FORMATS);
    const body = { url: site.url };
    const answer = await service.ask(`/v2/images/${id}/locations`, OWNER, { method: "POST", body });
    assert.equal(answer.status, 202, await answer.text());
    await asked.promise;
    // The server has read the first bytes and waits for the others.
    await new Promise((resolve) => setTimeout(resolve, 100));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("it still waits")), 5000);
    });
    if (how === "a deletion") await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
    const { background } = service.deps;
    await Promise.race([how === "a stop" ? background.close() : background.settled(), late]);
    clearTimeout(timer);
    const leases = await service.deps.db.read.tasks.leases({});
    assert.deepEqual(leases.map(({ owner }) => owner), how === "a stop" ? [""] : []);
    await site[Symbol.asyncDispose]();
  });
}
