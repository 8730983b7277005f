/** Interrupted deletions, step by step: which process completes them, and the result when a store refuses. */
import assert from "node:assert/strict";
import { GlanceError } from "../../src/errors.ts";
import { recoverDeletions } from "../../src/images/recover.ts";
import { renewal } from "../support/renewal.ts";
import { processName } from "../../src/util/process_name.ts";
import { filesIn } from "../support/served.ts";
import { takeEvents } from "../support/events.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";

const BARE = { disk_format: "raw", container_format: "bare" };
/** Lifetimes of leases, in seconds: of one that has run out, and of one that will not. */
const PAST = -1_000_000;
const FUTURE = 1_000_000_000;
const TWO = {
  "DEFAULT.enabled_backends": "a:file,b:file",
  "glance_store.default_backend": "a",
  "a.filesystem_store_datadir": "{dir}/a",
  "b.filesystem_store_datadir": "{dir}/b",
  "DEFAULT.metadata_encryption_key": "0123456789abcdef",
};

function other(part: "machine" | "pid", value: string): string {
  const parts = processName().split("-");
  parts[["machine", "boot", "namespace", "pid"].indexOf(part)] = value;
  return parts.join("-");
}

/** Creates an image in both stores. */
async function inBoth(service: TestService): Promise<string> {
  const { id } = await service.create(OWNER, { ...BARE, tags: ["t"] });
  await service.upload(id, OWNER, "data");
  const body = { method: { name: "copy-image" }, stores: ["b"] };
  const response = await service.ask(`/v2/images/${id}/import`, ADMIN, { method: "POST", body });
  assert.equal(response.status, 202);
  await service.deps.background.settled();
  return id;
}

const filesOf = ({ dir }: TestService, id: string) =>
  ["a", "b"].filter((store) => filesIn(`${dir}/${store}`).includes(id));

async function begun(service: TestService, id: string, owner: string, seconds = FUTURE): Promise<void> {
  const by = { token: crypto.randomUUID(), owner, seconds };
  assert.equal((await service.deps.db.write.deletions.begin({ id, by })).outcome, "done");
}

const rowOf = async ({ database }: TestService, id: string) =>
  (await database.rows("SELECT status, deleted FROM images WHERE id = ?", [id]))[0];

Deno.test("between the first and the last write an image is invisible, also when a store has completed its part", async (t) => {
  for (const done of [[], ["a"], ["a", "b"]]) {
    await t.step(`data gone from: ${done.join(", ") || "none"}`, async () => {
      await using service = await startService({ ...TWO, "oslo_messaging_notifications.driver": "log" });
      const id = await inBoth(service);
      await begun(service, id, other("pid", "4194305"));
      await takeEvents(service);
      for (const store of done) await Deno.remove(`${service.dir}/${store}/${id}`);
      for (const path of ["", "/file", "/members"]) {
        assert.equal((await service.ask(`/v2/images/${id}${path}`, ADMIN)).status, 404);
      }
      assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 404);
      assert.deepEqual((await (await service.ask("/v2/images", ADMIN)).json()).images, []);
      await recoverDeletions(service.deps);
      assert.deepEqual(filesOf(service, id), []);
      assert.deepEqual(await rowOf(service, id), { status: "deleted", deleted: 1 });
      assert.deepEqual(await service.deps.db.read.deletions.list(), []);
      assert.deepEqual((await takeEvents(service)).map(([type]) => type), ["image.delete"]);
    });
  }
});

Deno.test("only a deletion whose process is dead is completed", async (t) => {
  await using service = await startService(TWO);
  const rows: [string, string, number, boolean][] = [
    ["a dead process", other("pid", "4194305"), FUTURE, true],
    ["another machine, lease held", other("machine", "00000000"), FUTURE, false],
    ["another machine, lease expired", other("machine", "00000000"), PAST, true],
    ["this process, which knows nothing of it", processName(), FUTURE, true],
  ];
  for (const [who, owner, expires, completed] of rows) {
    await t.step(who, async () => {
      const id = await inBoth(service);
      await begun(service, id, owner, expires);
      await recoverDeletions(service.deps);
      assert.deepEqual(filesOf(service, id), completed ? [] : ["a", "b"]);
      assert.equal((await rowOf(service, id))!.status, completed ? "deleted" : "pending_delete");
    });
  }
});

Deno.test("a deletion in progress in this process is not touched, and its lease is renewed", async () => {
  await using service = await startService(TWO);
  const id = await inBoth(service);
  const transfer = service.deps.leases.enter("deletion", id);
  await service.deps.db.write.deletions.begin({ id, by: { ...transfer.lease, seconds: PAST } });
  await recoverDeletions(service.deps);
  assert.deepEqual(filesOf(service, id), ["a", "b"]);
  await service.deps.db.write.leases.renew(renewal({ transfers: [transfer.token] }));
  assert.equal((await service.deps.db.read.deletions.list())[0]!.expired, false);
  transfer.end();
});

Deno.test("when a store refuses, the image is back, without the copies that are gone", async (t) => {
  const codes = [["store_in_use", 409], ["store_forbidden", 403], ["internal", 500]] as const;
  for (const recovered of [false, true]) {
    for (const [code, status] of codes) {
      await t.step(`${code}, ${recovered ? "when it is completed" : "at once"}`, async () => {
        await using service = await startService(TWO);
        const id = await inBoth(service);
        const before = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
        service.deps.stores.byId("b")!.delete = () => Promise.reject(new GlanceError(code, "no"));
        if (recovered) {
          await begun(service, id, other("pid", "4194305"));
          await recoverDeletions(service.deps);
        } else {assert.equal(
            (await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status,
            status,
          );}
        const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
        assert.deepEqual(image, { ...before, stores: "b" });
        assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
        assert.deepEqual(await service.deps.db.read.deletions.list(), []);
      });
    }
  }
});

Deno.test("when the database fails in the middle, the next run of the job completes the deletion", async () => {
  await using service = await startService(TWO);
  const id = await inBoth(service);
  const { write } = service.deps.db;
  const real = write.images.delete;
  write.images.delete = () => Promise.reject(new GlanceError("database", "away"));
  assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 500);
  assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, 404);
  write.images.delete = real;
  await recoverDeletions(service.deps);
  assert.deepEqual(await rowOf(service, id), { status: "deleted", deleted: 1 });
});

/** Records the removal of one copy, begun by a process that is dead now. */
async function copyBegun(service: TestService, id: string, rows: number[], delayed = false): Promise<void> {
  const { locations } =
    (await service.deps.db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } }))!;
  const locationIds = rows.map((row) => locations[row]!.id);
  const by = { token: crypto.randomUUID(), owner: other("pid", "4194305"), seconds: FUTURE };
  const begun = await service.deps.db.write.deletions.beginCopies({ id, by, locationIds, added: 1, delayed });
  assert.equal(begun, "done");
}

Deno.test("an interrupted removal of a copy is completed, whether its data is gone or not", async (t) => {
  const rows: [string, rows: number[], delayed: boolean, gone: string[], stores: string][] = [
    ["data there", [1], false, [], "a"],
    ["data gone", [0], false, ["a"], "b"],
    ["none would be left", [0, 1], false, [], "a,b"],
    ["delayed", [1], true, [], "a,b"],
  ];
  for (const [name, copies, delayed, gone, stores] of rows) {
    await t.step(name, async () => {
      await using service = await startService(TWO);
      const id = await inBoth(service);
      await copyBegun(service, id, copies, delayed);
      for (const store of gone) await Deno.remove(`${service.dir}/${store}/${id}`);
      await recoverDeletions(service.deps);
      const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
      assert.deepEqual([image.status, image.stores], ["active", stores]);
      assert.deepEqual(filesOf(service, id), stores.split(","));
      assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
      assert.deepEqual(await service.deps.db.read.deletions.list(), []);
    });
  }
});

Deno.test("a copy without data does not count as a copy, also when the record fails afterwards", async () => {
  await using service = await startService(TWO);
  const id = await inBoth(service);
  const { write } = service.deps.db;
  const real = write.locations.drop;
  write.locations.drop = () => Promise.reject(new GlanceError("database", "away"));
  const answer = await service.ask(`/v2/stores/a/${id}`, ADMIN, { method: "DELETE" });
  assert.equal(answer.status, 500);
  write.locations.drop = real;
  assert.deepEqual(filesOf(service, id), ["b"]);
  assert.equal((await (await service.ask(`/v2/images/${id}`, OWNER)).json()).stores, "b");
  assert.deepEqual(await service.deps.db.read.deletions.list(), []);
});
