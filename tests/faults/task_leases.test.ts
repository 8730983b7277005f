/** Which tasks another process takes over, their results, and that a late run changes nothing (docs/architecture.md). */
import assert from "node:assert/strict";
import type { NewTaskLease } from "../../db/task_records.ts";
import { HeldLeases } from "../../src/leases/held.ts";
import { recoverTasks } from "../../src/tasks/start.ts";
import { processName } from "../../src/util/process_name.ts";
import { begun, DEAD, FUTURE, other, PAST } from "../support/begun.ts";
import { FORMATS, nothingInProgress, outcome, serveSite, staged, threeStores } from "../support/imports.ts";
import { renewal } from "../support/renewal.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";
import { toTimestamp } from "../../src/util/timestamp.ts";

const LONG_AGO = "2001-01-01 00:00:00.000000";

const DATA = "data of a task";

const direct = { method: { name: "glance-direct" } };
const ROWS: [who: string, lease: Partial<NewTaskLease>, taken: boolean][] = [
  ["a process of an earlier boot", { owner: DEAD }, true],
  ["a process that is not there", { owner: other(3, "4194305") }, true],
  ["another machine, lease held", { owner: other(0, "00000000") }, false],
  ["another machine, lease expired", { owner: other(0, "00000000"), seconds: PAST }, true],
  ["this process, which knows nothing of it", { owner: processName() }, true],
  ["nobody: left on a stop", { owner: "", seconds: PAST }, true],
];

Deno.test("the owner of its lease decides whether a task is taken over", async (t) => {
  await using service = await startService();
  for (const [who, lease, taken] of ROWS) {
    await t.step(`${who}: ${taken ? "carried on" : "left alone"}`, async () => {
      const id = await staged(service, DATA);
      await begun(service, id, direct, lease);
      await recoverTasks(service.deps);
      await service.deps.background.settled();
      const { image, task } = await outcome(service, id);
      assert.deepEqual([image.status, task.status], taken ? ["active", "success"] : ["uploading", "pending"]);
      assert.equal("os_glance_import_task" in image, !taken);
    });
  }
});

Deno.test("a task that cannot be resumed is put back with its reason", async (t) => {
  await using service = await startService({
    "DEFAULT.enabled_import_methods": "[glance-direct,glance-download]",
  });
  await t.step("the staged data is not here", async () => {
    const id = await staged(service, DATA);
    await Deno.remove(`${service.dir}/staging/${id}`);
    await begun(service, id, direct);
    await recoverTasks(service.deps);
    await service.deps.background.settled();
    const { image, task } = await outcome(service, id);
    assert.deepEqual([image.status, image.size, task.status], ["queued", null, "failure"]);
    assert.match(task.message, /staged data is not here/);
  });
  await t.step("the caller's token was not kept", async () => {
    const { id } = await service.create(OWNER, FORMATS);
    await begun(service, id, {
      method: { name: "glance-download", glance_region: "r", glance_image_id: id },
    });
    await recoverTasks(service.deps);
    await service.deps.background.settled();
    const { image, task } = await outcome(service, id);
    assert.deepEqual([image.status, task.status], ["queued", "failure"]);
    assert.match(task.message, /was ended while it worked on the task/);
  });
  await t.step("it has ended the process too often", async () => {
    const id = await staged(service, DATA);
    const task = await begun(service, id, direct);
    for (let run = 0; run < 3; run++) {
      const [lease] = await service.deps.db.read.tasks.leases({ taskIds: [task] });
      const by = { token: `run ${run}`, owner: DEAD, seconds: FUTURE };
      await service.deps.db.write.tasks.take({ token: lease!.token, by, counts: true });
    }
    await recoverTasks(service.deps);
    await service.deps.background.settled();
    const { image, task: after } = await outcome(service, id);
    assert.deepEqual([image.status, image.size, after.status], ["queued", null, "failure"]);
  });
  await nothingInProgress(service);
});

Deno.test("a half-done copy is completed, and its half-written data replaced", async () => {
  await using service = await threeStores();
  const { id } = await service.create(OWNER, FORMATS);
  await service.upload(id, OWNER, DATA);
  await begun(service, id, { method: { name: "copy-image" }, all_stores: true }, { backend: ["b", "c"] });
  await service.deps.stores.byId("b")!.discard(id);
  await Deno.writeTextFile(`${service.dir}/b/${id}`, "not recorded");
  await recoverTasks(service.deps);
  await service.deps.background.settled();
  const { image, task } = await outcome(service, id);
  assert.deepEqual([image.stores, task.status], ["a,b,c", "success"], task.message);
  assert.equal(await Deno.readTextFile(`${service.dir}/b/${id}`), DATA);
});

Deno.test("a run that has lost its lease changes nothing", async () => {
  await using service = await startService();
  const id = await staged(service, DATA);
  const task = await begun(service, id, direct);
  const [lease] = await service.deps.db.read.tasks.leases({ taskIds: [task] });
  await recoverTasks(service.deps);
  await service.deps.background.settled();
  const { write } = service.deps.db;
  const late = await write.images.transition({
    id,
    from: ["active"],
    to: "queued",
    task: lease!.token,
    limit: null,
  });
  assert.deepEqual(late, { outcome: "status", status: "active" });
  assert.equal(
    await write.tasks.end({ token: lease!.token, end: { status: "failure", expires_at: LONG_AGO } }),
    false,
  );
  assert.deepEqual(
    await write.leases.renew(renewal({
      tasks: [{ token: lease!.token, step: "x", bytes: 1, total: null, rate: null }],
    })),
    [],
  );
  assert.equal((await outcome(service, id)).task.status, "success");
});

Deno.test("a running task gets a new updated_at, by which Glance decides whether it is alive", async () => {
  await using service = await startService();
  const LATER = toTimestamp(Date.now() - 3_600_000);
  const times: [before: string, status: "pending" | "processing" | "success", renewed: boolean][] = [
    [LONG_AGO, "pending", true],
    [LONG_AGO, "processing", true],
    [LONG_AGO, "success", false],
    [LATER, "processing", false],
  ];
  for (const [before, status, renewed] of times) {
    const id = await staged(service, DATA);
    const task = await begun(service, id, direct);
    const { write, read } = service.deps.db;
    await write.tasks.change({ id: task, from: ["pending"], status });
    await service.database.exec(`UPDATE tasks SET updated_at = '${before}' WHERE id = '${task}'`);
    const [lease] = await read.tasks.leases({ taskIds: [task] });
    const tasks = [{ token: lease!.token, step: "x", bytes: 1, total: null, rate: null }];
    await write.leases.renew(renewal({ tasks, silentSeconds: 7200 }));
    const { updated_at } = await (await service.ask(`/v2/tasks/${task}`, ADMIN)).json();
    assert.equal(updated_at.startsWith(before.slice(0, 10)), !renewed, `${before} ${status}: ${updated_at}`);
  }
});

Deno.test("the image of a dead task that was deleted stays deleted; nothing of it is left", async () => {
  await using service = await startService();
  const id = await staged(service, DATA);
  await begun(service, id, direct);
  assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
  await Deno.writeTextFile(`${service.dir}/images/${id}`, "not recorded");
  await recoverTasks(service.deps);
  await service.deps.background.settled();
  assert.deepEqual(filesIn(`${service.dir}/images`), []);
  await nothingInProgress(service);
});

Deno.test("an import lock without a sign of life for an hour can be taken over", async (t) => {
  await using service = await threeStores();
  const age = async (task: string, minutes: number) => {
    const time = new Date(Date.now() - minutes * 60_000).toISOString().replace("T", " ").slice(0, 19);
    await service.database.exec(`UPDATE tasks SET updated_at = '${time}.000000' WHERE id = '${task}'`);
  };
  for (
    const [status, minutes, answer] of [
      ["pending", 119, 409],
      ["pending", 121, 202],
      ["processing", 59, 409],
      ["processing", 61, 202],
    ] as const
  ) {
    await t.step(`${status} for ${minutes} minutes: ${answer}`, async () => {
      const id = await staged(service, DATA);
      const task = await begun(service, id, direct, { seconds: PAST, backend: ["b"] });
      await service.deps.db.write.tasks.change({ id: task, from: ["pending"], status });
      await age(task, minutes);
      const setProperties = { os_glance_importing_to_stores: "b", os_glance_failed_import: "b,c" };
      await service.deps.db.write.images.change({ id, setProperties });
      const response = await service.ask(`/v2/images/${id}/import`, OWNER, { method: "POST", body: direct });
      assert.equal(response.status, answer, await response.text());
      await service.deps.background.settled();
      const old = await (await service.ask(`/v2/tasks/${task}`, ADMIN)).json();
      if (answer === 409) return assert.equal(old.status, status);
      assert.deepEqual([old.status, old.message], ["failure", "Expired lock preempted"]);
      const { image } = await outcome(service, id);
      assert.deepEqual(
        [image.status, image.os_glance_importing_to_stores, image.os_glance_failed_import],
        ["active", "", "c"],
      );
    });
  }
});

Deno.test("a service that stops leaves its import to the next one", async () => {
  await using service = await startService();
  const id = await staged(service, DATA);
  const post = service.ask(`/v2/images/${id}/import`, OWNER, { method: "POST", body: direct });
  assert.equal((await post).status, 202);
  await service.deps.background.close();
  if ((await outcome(service, id)).task.status !== "success") {
    const [lease] = await service.deps.db.read.tasks.leases({});
    assert.deepEqual([lease!.owner, lease!.attempts], ["", 1]);
  }
  await recoverTasks(service.deps);
  await service.deps.background.settled();
  assert.equal((await outcome(service, id)).image.status, "active");
  await nothingInProgress(service);
});

Deno.test("a stop leaves a waiting import to the next process, whatever its plugins", async () => {
  await using service = await startService({
    "taskflow_executor.max_workers": "1",
    "image_import_opts.image_import_plugins": "[no_op]",
  });
  const [first, waiting] = [await staged(service, DATA), await staged(service, DATA)];
  const store = service.deps.stores.default;
  const open = store.open.bind(store);
  const opening = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  store.open = async (...given) => {
    opening.resolve();
    await go.promise;
    return await open(...given);
  };
  for (const id of [first, waiting]) {
    const post = service.ask(`/v2/images/${id}/import`, OWNER, { method: "POST", body: direct });
    assert.equal((await post).status, 202);
  }
  await opening.promise;
  const closed = service.deps.background.close();
  go.resolve();
  await closed;
  assert.equal((await outcome(service, first)).image.status, "queued");
  assert.equal((await outcome(service, waiting)).image.status, "uploading");
  await recoverTasks(service.deps);
  await service.deps.background.settled();
  const { image, task } = await outcome(service, waiting);
  assert.deepEqual([image.status, task.status], ["active", "success"]);
  await nothingInProgress(service);
});

Deno.test("the progress of tasks is written every few seconds, however long a lease is", () => {
  const periods: number[] = [];
  const { setInterval } = globalThis;
  globalThis.setInterval = ((_: unknown, ms: number) => periods.push(ms)) as unknown as typeof setInterval;
  try {
    for (const taskSeconds of [3600, 120, 3]) {
      const renew = () => Promise.resolve([]);
      new HeldLeases({ renew, taskSeconds, lost: () => new Error() }).enter("task", null);
    }
  } finally {
    globalThis.setInterval = setInterval;
  }
  assert.deepEqual(periods, [5000, 5000, 1000]);
});

Deno.test("a legacy import that waits for its turn when the service stops: the next process creates its image", async () => {
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let requests = 0;
  await using site = serveSite(async () => {
    asked.resolve();
    if (++requests === 1) await held.promise;
    return new Response("data");
  });
  await using service = await startService({ "taskflow_executor.max_workers": "1" });
  const post = async () => {
    const image_properties = { disk_format: "raw", container_format: "bare" };
    const input = { import_from: site.url, import_from_format: "raw", image_properties };
    const response = await service.ask("/v2/tasks", ADMIN, {
      method: "POST",
      body: { type: "import", input },
    });
    return (await response.json()).id;
  };
  const show = async (id: string) => await (await service.ask(`/v2/tasks/${id}`, ADMIN)).json();
  const [first, second] = [await post(), await post()];
  await asked.promise;
  await service.deps.background.close();
  held.resolve();
  assert.deepEqual([(await show(first)).status, (await show(second)).status], ["failure", "pending"]);
  await recoverTasks(service.deps);
  await service.deps.background.settled();
  const { status, result, message } = await show(second);
  assert.equal(status, "success", message);
  const image = await (await service.ask(`/v2/images/${result.image_id}`, ADMIN)).json();
  assert.deepEqual([image.status, image.size], ["active", 4]);
  assert.deepEqual(await service.deps.db.read.tasks.leases({}), []);
});
