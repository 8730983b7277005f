/** Which uploads are put back, and that a late process can never complete another upload (docs/architecture.md, processes). */
import assert from "node:assert/strict";
import type { NewUpload } from "../../db/records.ts";
import { GlanceError } from "../../src/errors.ts";
import { recoverUploads } from "../../src/images/recover.ts";
import { Scheduler } from "../../src/jobs/scheduler.ts";
import { jobsOf } from "../../src/jobs/table.ts";
import { processName } from "../../src/util/process_name.ts";
import { renewal } from "../support/renewal.ts";
import { filesIn, until } from "../support/served.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";

/** Lifetimes of leases, in seconds: of one that has run out, and of one that will not. */
const PAST = -1_000_000;
const FUTURE = 1_000_000_000;

/** Returns the name of this process with one part changed. */
function other(part: "machine" | "boot" | "namespace" | "pid" | "start", value: string): string {
  const parts = processName().split("-");
  parts[["machine", "boot", "namespace", "pid", "start"].indexOf(part)] = value;
  return parts.join("-");
}

/** Creates an image with an upload in progress and its partly written file. */
async function uploading(service: TestService, lease: Partial<NewUpload>): Promise<string> {
  const { id } = await service.create(OWNER, { disk_format: "raw", container_format: "bare" });
  const beginUpload = {
    token: crypto.randomUUID(),
    owner: processName(),
    store_id: null,
    seconds: FUTURE,
    ...lease,
  };
  await service.deps.db.write.images.transition({
    id,
    from: ["queued"],
    to: "saving",
    beginUpload,
    limit: null,
  });
  await Deno.writeTextFile(`${service.dir}/images/${id}`, "left");
  return id;
}

const statusOf = async (service: TestService, id: string) =>
  (await (await service.ask(`/v2/images/${id}`, OWNER)).json()).status;

const ROWS: [who: string, lease: Partial<NewUpload>, putBack: boolean][] = [
  ["a process of an earlier boot", { owner: other("boot", "00000000") }, true],
  ["a process that is not there", { owner: other("pid", "4194305") }, true],
  ["a process whose pid is another's now", { owner: other("start", "1") }, true],
  ["another machine, lease held", { owner: other("machine", "00000000") }, false],
  ["another machine, lease expired", { owner: other("machine", "00000000"), seconds: PAST }, true],
  ["another container, lease held", { owner: other("namespace", "1") }, false],
  ["another container, lease expired", { owner: other("namespace", "1"), seconds: PAST }, true],
  [
    "a living process of this machine, lease expired",
    { owner: `${processName().split("-").slice(0, 3).join("-")}-1-${startOfInit()}`, seconds: PAST },
    false,
  ],
  ["this process, which knows nothing of it", { owner: processName() }, true],
];

function startOfInit(): string {
  return Deno.readTextFileSync("/proc/1/stat").replace(/^.*\) /, "").split(" ")[19]!;
}

Deno.test("the owner of its lease decides whether an upload is put back", async (t) => {
  await using service = await startService();
  for (const [who, lease, putBack] of ROWS) {
    await t.step(`${who}: ${putBack ? "queued, data gone" : "left alone"}`, async () => {
      const id = await uploading(service, lease);
      await recoverUploads(service.deps);
      assert.equal(await statusOf(service, id), putBack ? "queued" : "saving");
      assert.equal(filesIn(`${service.dir}/images`).includes(id), !putBack);
      const leases = await service.deps.db.read.uploads.list();
      assert.equal(leases.some(({ image_id }) => image_id === id), !putBack);
    });
  }
  assert.equal(service.deps.leases.size, 0);
});

Deno.test("an upload in progress in this process is not touched, and one write renews its lease", async () => {
  await using service = await startService();
  const transfer = service.deps.leases.enter("upload", "");
  const id = await uploading(service, { ...transfer.lease, seconds: PAST });
  await recoverUploads(service.deps);
  assert.equal(await statusOf(service, id), "saving");
  const held = await service.deps.db.write.leases.renew(renewal({ transfers: [transfer.token, "unknown"] }));
  assert.deepEqual(held, [transfer.lease.token]);
  assert.equal((await service.deps.db.read.uploads.list())[0]!.expired, false);
  transfer.end();
});

Deno.test("a process that counted as dead completes neither its own upload nor the next one", async () => {
  await using service = await startService();
  const dead = { token: "old", owner: other("machine", "00000000"), seconds: PAST };
  const id = await uploading(service, dead);
  const { write } = service.deps.db;
  const finish = () =>
    write.images.transition({
      id,
      from: ["saving"],
      to: "active",
      columns: { size: 4 },
      endUpload: "old",
      limit: null,
    });
  await recoverUploads(service.deps);
  assert.deepEqual(await finish(), { outcome: "status", status: "queued" });
  const next = service.deps.leases.enter("upload", id);
  await write.images.transition({ id, from: ["queued"], to: "saving", beginUpload: next.lease, limit: null });
  assert.deepEqual(await finish(), { outcome: "status", status: "saving" });
  await write.uploads.cancel({ token: "old" });
  assert.equal(await statusOf(service, id), "saving");
  next.end();
});

Deno.test("the image of a dead upload that was deleted stays deleted; its data goes", async (t) => {
  for (const delayed of ["false", "true"]) {
    await t.step(`delayed_delete = ${delayed}`, async () => {
      await using service = await startService({ "DEFAULT.delayed_delete": delayed });
      const id = await uploading(service, { owner: other("boot", "00000000") });
      assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
      assert.deepEqual(filesIn(`${service.dir}/images`), [id]);
      await recoverUploads(service.deps);
      assert.deepEqual(filesIn(`${service.dir}/images`), []);
      assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, 404);
      assert.deepEqual(await service.deps.db.read.uploads.list(), []);
    });
  }
});

Deno.test("a failed removal or write is retried, and does not stop the others", async () => {
  await using service = await startService();
  const { deps } = service;
  const id = await uploading(service, { owner: other("boot", "00000000") });
  const broken = () => Promise.reject(new GlanceError("unavailable", "The database is locked."));
  const blind = { ...deps, db: { ...deps.db, read: { ...deps.db.read, uploads: { list: broken } } } };
  await assert.rejects(recoverUploads(blind), /The database is locked/);
  const { write } = deps.db;
  const stuck = { ...write, uploads: { ...write.uploads, cancel: broken } };
  await recoverUploads({ ...deps, db: { ...deps.db, write: stuck } });
  assert.equal(await statusOf(service, id), "saving");
  await recoverUploads(deps);
  assert.equal(await statusOf(service, id), "queued");
  assert.deepEqual(filesIn(`${service.dir}/images`), []);
});

const UNSURE = [
  { what: "an upload", path: "file", ends: "active", whole: "active", folder: "images" },
  { what: "a stage", path: "stage", ends: "same", whole: "uploading", folder: "staging" },
] as const;

Deno.test("when the result of a transfer's last write is unknown, the data stays only if the image refers to it", async (t) => {
  for (const { what, path, ends, whole, folder } of UNSURE) {
    for (const done of [true, false]) {
      await t.step(`${what}: ${done ? "it was done" : "it was not"}`, async () => {
        await using service = await startService();
        const { write } = service.deps.db;
        const real = write.images.transition;
        write.images.transition = async (input) => {
          if (input.to !== ends) return await real(input);
          if (done) await real(input);
          throw new GlanceError("unavailable", "The database server does not answer.");
        };
        const { id } = await service.create(OWNER, { disk_format: "raw", container_format: "bare" });
        const response = await service.ask(`/v2/images/${id}/${path}`, OWNER, {
          method: "PUT",
          headers: { "content-type": "application/octet-stream" },
          body: "data",
        });
        assert.equal(response.status, 503);
        await response.body?.cancel();
        assert.equal(await statusOf(service, id), done ? whole : "queued");
        assert.deepEqual(filesIn(`${service.dir}/${folder}`), done ? [id] : []);
        assert.deepEqual(await service.deps.db.read.uploads.list(), []);
      });
    }
  }
});

Deno.test("an upload whose process dies while this one serves is put back too", async () => {
  await using service = await startService();
  const rows = jobsOf(service.deps).filter(({ name }) => name === "orphaned uploads");
  const jobs = new Scheduler(service.deps, rows.map((row) => ({ ...row, everySeconds: 0.02 })));
  await jobs.start();
  const id = await uploading(service, { owner: other("boot", "00000000") });
  await until("the image is queued", async () => await statusOf(service, id) === "queued");
  await jobs.close();
  assert.deepEqual(filesIn(`${service.dir}/images`), []);
});

Deno.test("with several stores only the upload's store is searched, or every store when that one is gone", async (t) => {
  const options = {
    "DEFAULT.enabled_backends": "fast:file,slow:file",
    "glance_store.default_backend": "fast",
    "fast.filesystem_store_datadir": "{dir}/fast",
    "slow.filesystem_store_datadir": "{dir}/slow",
  };
  for (const [store_id, left] of [["fast", ["slow"]], ["gone", []]] as const) {
    await t.step(store_id, async () => {
      await using service = await startService(options);
      await Deno.mkdir(`${service.dir}/images`);
      const id = await uploading(service, { owner: other("boot", "00000000"), store_id });
      for (const store of ["fast", "slow"]) await Deno.writeTextFile(`${service.dir}/${store}/${id}`, "left");
      await recoverUploads(service.deps);
      assert.equal(await statusOf(service, id), "queued");
      const found = ["fast", "slow"].filter((store) => filesIn(`${service.dir}/${store}`).length > 0);
      assert.deepEqual(found, left);
    });
  }
});

Deno.test("a process whose clock is wrong takes nobody's work, and gives none away", async () => {
  await using service = await startService();
  const { deps } = service;
  const far = await uploading(service, { owner: other("machine", "00000000"), seconds: 120 });
  const now = Date.now;
  try {
    for (const minutes of [10, -10]) {
      Date.now = () => now() + minutes * 60_000;
      await recoverUploads(deps);
      assert.equal(await statusOf(service, far), "saving", `${minutes} min`);
      const transfer = deps.leases.enter("upload", "");
      const own = await uploading(service, transfer.lease);
      transfer.end();
      const lease = (await deps.db.read.uploads.list()).find(({ image_id }) => image_id === own);
      assert.equal(lease!.expired, false, `${minutes} min`);
    }
  } finally {
    Date.now = now;
  }
});
