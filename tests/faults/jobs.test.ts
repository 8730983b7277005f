/** The jobs of a process that serves: all of them run at start, and say what they did. */
import assert from "node:assert/strict";
import { startJobs } from "../../src/jobs/table.ts";
import { processName } from "../../src/util/process_name.ts";
import { filesIn, until } from "../support/served.ts";
import { OWNER, startService } from "../support/service.ts";

const ON = { "oslo_messaging_notifications.driver": "log" };
const GONE = "11111111-2222-4333-8444-555555555555";

/** A process of this machine that is not there. */
function dead(): string {
  const parts = processName().split("-");
  parts[3] = "4194305";
  return parts.join("-");
}

Deno.test("every job runs at start and says what it found", async () => {
  await using service = await startService(ON);
  const { deps, dir } = service;
  const { id } = await service.create(OWNER, { disk_format: "raw", container_format: "bare" });
  const lease = { owner: dead(), store_id: null, expires_at: "2999-01-01 00:00:00.000000" };
  await deps.db.write.images.transition({
    id,
    from: ["queued"],
    to: "saving",
    beginUpload: { token: "t", ...lease },
    limit: null,
  });
  const wanted = await service.create(OWNER, { disk_format: "raw", container_format: "bare" });
  const staged = await service.ask(`/v2/images/${wanted.id}/stage`, OWNER, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: "data",
  });
  assert.equal(staged.status, 204);
  for (const name of [GONE, `${GONE}.qcow2`, "notes"]) {
    await Deno.writeTextFile(`${dir}/staging/${name}`, "x");
  }
  const jobs = await startJobs(deps);
  const did = () => Object.fromEntries(jobs.status().map(({ name, last }) => [name, last?.report]));
  // The start has waited for what must be right before the first request.
  assert.deepEqual(did()["orphaned uploads"], {
    did: "1 of 1 in progress were orphaned and are recovered",
    failed: 0,
  });
  assert.equal((await (await service.ask(`/v2/images/${id}`, OWNER)).json()).status, "queued");
  await until(
    "all have run",
    () => jobs.status().every(({ runs, runningSince }) => runs > 0 && !runningSince),
  );
  assert.equal(await deps.db.read.outbox.oldest(), null, "the notifications are sent");
  assert.deepEqual(did()["staged leftovers"], { did: "2 staged files removed, 1 are in use", failed: 0 });
  assert.deepEqual(filesIn(`${dir}/staging`).sort(), [wanted.id, "notes"].sort());
  assert.deepEqual(did()["half-written files"], { did: "0 half-written files removed", failed: 0 });
  assert.deepEqual(did()["stuck images"], { did: "0 images and 0 tasks are stuck", failed: 0 });
  assert.deepEqual(jobs.status().map(({ errors }) => errors), jobs.status().map(() => 0));
  // A write wakes the sender; nobody waits for its timer.
  const runsOf = () => jobs.status().find(({ name }) => name === "notifications")!.runs;
  const before = runsOf();
  await service.create(OWNER);
  await until("the sender ran", () => runsOf() > before);
  await jobs.close();
});

Deno.test("the table: names are unique, every row says what it does", async () => {
  await using service = await startService(ON);
  const jobs = await startJobs(service.deps);
  const rows = jobs.status();
  await jobs.close();
  assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
  for (const { name, describes } of rows) assert.match(describes, /^[A-Z].*\.$/, name);
});
