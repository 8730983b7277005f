/** What clients follow an import by, and into which stores it goes: docs/reference/images-api.md §2.8.3, §3.8, §9.4. */
import assert from "node:assert/strict";
import { fakeLimits, limitOptions } from "../support/fake_limits.ts";
import {
  FORMATS,
  importNow,
  nothingInProgress,
  outcome,
  postImport,
  staged,
  THREE_STORES,
  threeStores,
} from "../support/imports.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";

const DIRECT = { method: { name: "glance-direct" } };

/** Holds a step of a store back: `reached` when it is come to, `go` lets it on. */
function gate(service: TestService, id: string, step: "open" | "commit") {
  const store = service.deps.stores.byId(id)!;
  const open = store.open.bind(store);
  const reached = Promise.withResolvers<void>();
  const passed = Promise.withResolvers<void>();
  const wait = async () => {
    reached.resolve();
    await passed.promise;
  };
  store.open = async (...args) => {
    if (step === "open") await wait();
    const handle = await open(...args);
    const commit = handle.commit.bind(handle);
    if (step === "commit") handle.commit = () => wait().then(commit);
    return handle;
  };
  return { reached: reached.promise, go: () => passed.resolve() };
}

for (const step of ["open", "commit"] as const) {
  const how = step === "open" ? "one store after the other" : "all stores in one read";
  const options: Record<string, string> = step === "open"
    ? { "image_import_opts.max_parallel_stores": "1" }
    : {};
  for (const all_stores_must_succeed of [true, false]) {
    Deno.test(`${how}, all must succeed: ${all_stores_must_succeed}: the list shrinks store by store`, async () => {
      await using service = await threeStores(options);
      const gates = ["b", "c"].map((id) => gate(service, id, step));
      const id = await staged(service, "data");
      const body = { ...DIRECT, stores: ["a", "b", "c"], all_stores_must_succeed };
      assert.equal((await postImport(service, id, body)).status, 202);
      const seen: unknown[] = [];
      for (const { reached, go } of gates) {
        await reached;
        const { image } = await outcome(service, id);
        assert.ok(image.os_glance_import_task, "the lock is shown");
        seen.push([image.status, image.os_glance_importing_to_stores, image.stores]);
        go();
      }
      await service.deps.background.settled();
      const { image } = await outcome(service, id);
      seen.push([image.status, image.os_glance_importing_to_stores, image.stores]);
      const under = all_stores_must_succeed ? "importing" : "active";
      assert.deepEqual(seen, [[under, "b,c", "a"], [under, "c", "a,b"], ["active", "", "a,b,c"]]);
      assert.equal(image.os_glance_failed_import, "");
      assert.ok(!("os_glance_import_task" in image));
      await nothingInProgress(service);
    });
  }
}

Deno.test("all_stores: in the order of the configuration, never an http store", async () => {
  await using service = await startService({
    ...THREE_STORES,
    "DEFAULT.enabled_backends": "c:file,web:http,a:file,b:file",
  });
  const id = await staged(service, "data");
  const { image, task } = await importNow(service, id, { ...DIRECT, all_stores: true });
  assert.deepEqual([image.status, image.stores, task.input.backend], ["active", "c,a,b", ["c", "a", "b"]]);
});

Deno.test("all_stores where none takes data: refused, not accepted and forgotten", async () => {
  await using service = await startService({
    "DEFAULT.enabled_backends": "web:http",
    "glance_store.default_backend": "web",
  });
  const id = await staged(service, "data");
  const response = await postImport(service, id, { ...DIRECT, all_stores: true });
  assert.equal(response.status, 409);
  assert.match(await response.text(), /None of the stores takes data/);
});

Deno.test("stores that are named: in the order of the request; by weight when they have one", async () => {
  const body = { ...DIRECT, stores: ["c", "a"] };
  await using service = await threeStores();
  const { image } = await importNow(service, await staged(service, "data"), body);
  assert.equal(image.stores, "c,a");
  await using weighed = await threeStores({ "a.weight": "1" });
  const other = await importNow(weighed, await staged(weighed, "data"), body);
  assert.equal(other.image.stores, "a,c");
});

Deno.test("which store when none is named", async () => {
  await using service = await threeStores();
  const id = await staged(service, "data");
  assert.equal((await importNow(service, id, DIRECT)).image.stores, "a");
  const other = await staged(service, "data");
  const headers = { "x-image-meta-store": "c" };
  assert.equal((await postImport(service, other, DIRECT, OWNER, headers)).status, 202);
  await service.deps.background.settled();
  assert.equal((await outcome(service, other)).image.stores, "c");
});

Deno.test("the task of an import belongs to who asked, and has the id of the request", async () => {
  await using service = await threeStores();
  const id = await staged(service, "data");
  const answer = await postImport(service, id, { ...DIRECT, stores: ["b"] }, { ...OWNER, user: "u1" });
  await service.deps.background.settled();
  const { task } = await outcome(service, id);
  assert.deepEqual(
    [task.type, task.image_id, task.user_id, task.owner, task.request_id, task.deleted],
    ["api_image_import", id, "u1", "p1", answer.headers.get("x-openstack-request-id"), false],
  );
  assert.deepEqual(task.input, {
    image_id: id,
    import_req: { ...DIRECT, stores: ["b"] },
    backend: ["b"],
  });
  assert.deepEqual(Object.keys(task), [
    ..."id type status owner expires_at created_at updated_at deleted_at deleted image_id request_id".split(
      " ",
    ),
    ..."user_id input result message".split(" "),
  ]);
  for (const name of ["created_at", "updated_at", "expires_at"]) {
    assert.match(task[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/, name);
  }
});

Deno.test("plugins work on what is brought, not on copies", async () => {
  await using service = await threeStores({
    "image_import_opts.image_import_plugins": "[inject_image_metadata]",
    "inject_metadata_properties.inject": "os_type:linux",
    "inject_metadata_properties.ignore_user_roles": "nobody",
  });
  const brought = await importNow(service, await staged(service, "data"), DIRECT);
  assert.equal(brought.image.os_type, "linux");
  const { id } = await service.create(OWNER, FORMATS);
  await service.upload(id, OWNER, "data");
  const copied = await importNow(service, id, { method: { name: "copy-image" }, stores: ["b"] }, ADMIN);
  assert.deepEqual([copied.image.stores, copied.task.status], ["a,b", "success"]);
  assert.ok(!("os_type" in copied.image));
});

Deno.test("a unified limit that is passed when the task begins: queued again, the task says which", async () => {
  await using keystone = fakeLimits();
  keystone.registered.set("image_count_total", -1).set("image_stage_total", -1)
    .set("image_count_uploading", -1).set("image_size_total", 1);
  await using service = await startService({ ...THREE_STORES, ...limitOptions(keystone) });
  const id = await staged(service, new Uint8Array(2 * 2 ** 20));
  const { image, task } = await importNow(service, id, { ...DIRECT, stores: ["a", "b"] });
  assert.deepEqual([image.status, task.status], ["queued", "failure"]);
  assert.match(task.message, /image_size_total is over limit of 1 due to current usage 0 and delta 2/);
  assert.equal(image.os_glance_importing_to_stores, "");
  assert.ok(!("os_glance_import_task" in image));
  for (const store of ["a", "b"]) assert.deepEqual(filesIn(`${service.dir}/${store}`), []);
});
