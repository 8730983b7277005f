/** When an import may take the lock of another: never from a task that somebody is at (docs/reference/images-api.md §2.8.4). */
import assert from "node:assert/strict";
import type { NewTaskLease } from "../../db/task_records.ts";
import { processName } from "../../src/util/process_name.ts";
import { begun, FUTURE, other, PAST } from "../support/begun.ts";
import { FORMATS, nothingInProgress, outcome, postImport, staged, threeStores } from "../support/imports.ts";
import { ADMIN, OWNER, type TestService } from "../support/service.ts";

const DIRECT = { method: { name: "glance-direct" } };

const MACHINE = other(0, "00000000");

/** Sets the last update of a task back by so many minutes. */
function age({ database }: TestService, task: string, minutes: number): Promise<void> {
  const time = new Date(Date.now() - minutes * 60_000).toISOString().replace("T", " ").slice(0, 19);
  return database.exec(`UPDATE tasks SET updated_at = '${time}.000000' WHERE id = '${task}'`);
}

/** A staged image whose import to store b another process has begun; `lease` null: one of Glance, which has none. */
async function locked(service: TestService, lease: Partial<NewTaskLease> | null, status = "processing") {
  const id = await staged(service, "data");
  const task = await begun(service, id, DIRECT, { seconds: PAST, backend: ["b"], ...lease });
  const { write } = service.deps.db;
  if (status === "processing") await write.tasks.change({ id: task, from: ["pending"], status });
  if (lease === null) {
    await service.database.exec(`DELETE FROM oneglance_tasks WHERE task_id = '${task}'`);
  }
  const setProperties = { os_glance_importing_to_stores: "b", os_glance_failed_import: "b,c" };
  await write.images.change({ id, setProperties });
  return { id, task };
}

const ROWS: [
  who: string,
  lease: Partial<NewTaskLease> | null,
  status: string,
  minutes: number,
  taken: boolean,
][] = [
  ["another machine, lease held", { owner: MACHINE, seconds: FUTURE }, "processing", 3000, false],
  ["another machine, lease held, waiting", { owner: MACHINE, seconds: FUTURE }, "pending", 3000, false],
  ["another machine, lease expired", { owner: MACHINE }, "processing", 61, true],
  ["another machine, lease expired just now", { owner: MACHINE }, "processing", 59, false],
  ["a process of an earlier boot", { seconds: FUTURE }, "processing", 61, true],
  [
    "this process, which knows nothing of it",
    { owner: processName(), seconds: FUTURE },
    "processing",
    61,
    true,
  ],
  ["left on a stop", { owner: "" }, "processing", 59, false],
  ["left on a stop, and nobody came", { owner: "" }, "processing", 61, true],
  ["Glance, an hour ago", null, "processing", 61, true],
  ["Glance, less than an hour ago", null, "processing", 59, false],
  ["Glance, waiting for two hours", null, "pending", 121, true],
  ["Glance, waiting for less", null, "pending", 119, false],
];

Deno.test("an import lock is taken over by who has it", async (t) => {
  await using service = await threeStores();
  for (const [who, lease, status, minutes, taken] of ROWS) {
    await t.step(`${who}: ${taken ? "taken" : "kept"}`, async () => {
      const { id, task } = await locked(service, lease, status);
      await age(service, task, minutes);
      const before = await service.deps.db.read.tasks.leases({ taskIds: [task] });
      const response = await postImport(service, id, DIRECT);
      const text = await response.text();
      await service.deps.background.settled();
      const { image } = await outcome(service, id);
      const old = await (await service.ask(`/v2/tasks/${task}`, ADMIN)).json();
      const leases = await service.deps.db.read.tasks.leases({ taskIds: [task] });
      if (!taken) {
        assert.equal(response.status, 409);
        assert.match(text, /Image has active task/);
        assert.deepEqual([old.status, image.os_glance_import_task], [status, task]);
        assert.deepEqual([image.os_glance_importing_to_stores, image.os_glance_failed_import], ["b", "b,c"]);
        assert.deepEqual(leases, before);
        return;
      }
      assert.equal(response.status, 202);
      assert.deepEqual([old.status, old.message], ["failure", "Expired lock preempted"]);
      assert.deepEqual(leases, []);
      assert.deepEqual(
        [image.status, image.stores, image.os_glance_importing_to_stores, image.os_glance_failed_import],
        ["active", "a", "", "c"],
      );
    });
  }
});

Deno.test("a copy that goes on for hours keeps its image, and ends as if nobody had asked", async () => {
  await using service = await threeStores();
  const { id } = await service.create(OWNER, FORMATS);
  await service.upload(id, OWNER, "data");
  const store = service.deps.stores.byId("b")!;
  const open = store.open.bind(store);
  const [opening, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  store.open = async (...given) => {
    opening.resolve();
    await go.promise;
    return await open(...given);
  };
  const copy = (name: string) => ({ method: { name: "copy-image" }, stores: [name] });
  assert.equal((await postImport(service, id, copy("b"), ADMIN)).status, 202);
  await opening.promise;
  const { task } = await outcome(service, id, ADMIN);
  await age(service, task.id, 300);
  const second = await postImport(service, id, copy("c"), ADMIN);
  go.resolve();
  assert.match(await second.text(), /Image has active task/);
  assert.equal(second.status, 409);
  await service.deps.background.settled();
  const after = await outcome(service, id, ADMIN);
  assert.deepEqual([after.task.id, after.task.status, after.image.stores], [task.id, "success", "a,b"]);
  await nothingInProgress(service);
});

Deno.test("who goes on with a task while its lock is judged keeps it", async () => {
  await using service = await threeStores();
  const { id, task } = await locked(service, {});
  await age(service, task, 61);
  const { read, write } = service.deps.db;
  const leases = read.tasks.leases;
  let taken = false;
  read.tasks.leases = async (input) => {
    const found = await leases(input);
    if (!taken && found[0]) {
      const by = { token: "of another machine", owner: MACHINE, seconds: FUTURE };
      taken = await write.tasks.take({ token: found[0].token, by, counts: true });
    }
    return found;
  };
  const response = await postImport(service, id, DIRECT);
  assert.ok(taken);
  assert.match(await response.text(), /Image has active task/);
  assert.equal(response.status, 409);
  read.tasks.leases = leases;
  const { image } = await outcome(service, id);
  assert.deepEqual([image.os_glance_import_task, image.os_glance_importing_to_stores], [task, "b"]);
  assert.equal((await (await service.ask(`/v2/tasks/${task}`, ADMIN)).json()).status, "processing");
  const [lease] = await read.tasks.leases({ taskIds: [task] });
  assert.equal(lease!.token, "of another machine");
});
