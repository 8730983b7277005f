/** The periodic jobs of a serving process: all run at start and report what they did. */
import assert from "node:assert/strict";
import { startJobs } from "../../src/jobs/table.ts";
import { begun, DEAD, FUTURE } from "../support/begun.ts";
import { outcome, staged } from "../support/imports.ts";
import { filesIn, until } from "../support/served.ts";
import { OWNER, startService } from "../support/service.ts";

const ON = { "oslo_messaging_notifications.driver": "log" };
const GONE = "11111111-2222-4333-8444-555555555555";

Deno.test("every job runs at start and reports what it found", async () => {
  await using service = await startService(ON);
  const { deps, dir } = service;
  const { id } = await service.create(OWNER, { disk_format: "raw", container_format: "bare" });
  const lease = { owner: DEAD, store_id: null, seconds: FUTURE };
  await deps.db.write.images.transition({
    id,
    from: ["queued"],
    to: "saving",
    beginUpload: { token: "t", ...lease },
    limit: null,
  });
  const wanted = await staged(service, "data");
  for (const name of [GONE, `${GONE}.qcow2`, "notes"]) {
    await Deno.writeTextFile(`${dir}/staging/${name}`, "x");
  }
  const jobs = await startJobs(deps);
  const did = () => Object.fromEntries(jobs.status().map(({ name, last }) => [name, last?.report]));
  // The start waits for the jobs that must end before the first request.
  assert.deepEqual(did()["orphaned uploads"], {
    did: "1 of 1 in progress were orphaned and are recovered",
    failed: 0,
  });
  assert.notEqual(did()["orphaned tasks"], undefined);
  assert.equal((await (await service.ask(`/v2/images/${id}`, OWNER)).json()).status, "queued");
  await until(
    "all have run",
    () => jobs.status().every(({ runs, runningSince }) => runs > 0 && !runningSince),
  );
  await until(
    "the notifications are sent",
    async () => await deps.db.read.outbox.oldest({ seconds: 0 }) === null,
  );
  assert.deepEqual(did()["staged leftovers"], { did: "2 staged files removed, 1 are in use", failed: 0 });
  assert.deepEqual(filesIn(`${dir}/staging`).sort(), [wanted, "notes"].sort());
  assert.deepEqual(did()["half-written files"], { did: "0 half-written files removed", failed: 0 });
  assert.deepEqual(did()["stuck images"], { did: "0 images and 0 tasks are stuck", failed: 0 });
  assert.deepEqual(jobs.status().map(({ errors }) => errors), jobs.status().map(() => 0));
  // A write wakes the sender at once, before its timer.
  const runsOf = () => jobs.status().find(({ name }) => name === "notifications")!.runs;
  const before = runsOf();
  await service.create(OWNER);
  await until("the sender ran", () => runsOf() > before);
  await jobs.close();
});

Deno.test("the start resumes a task of a dead process", async () => {
  await using service = await startService();
  const id = await staged(service, "data");
  await begun(service, id, { method: { name: "glance-direct" } });
  const jobs = await startJobs(service.deps);
  const { last } = jobs.status().find(({ name }) => name === "orphaned tasks")!;
  assert.deepEqual(last?.report, { did: "1 of 1 in progress were orphaned and are recovered", failed: 0 });
  await service.deps.background.settled();
  await jobs.close();
  const { image, task } = await outcome(service, id);
  assert.deepEqual([image.status, task.status], ["active", "success"]);
});

Deno.test("the table: names are unique, every row has a description", async () => {
  await using service = await startService(ON);
  const jobs = await startJobs(service.deps);
  const rows = jobs.status();
  await jobs.close();
  assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
  for (const { name, describes } of rows) assert.match(describes, /^[A-Z].*\.$/, name);
});
