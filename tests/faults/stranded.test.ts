/** Images that a dead glance-api left in the middle of a transfer: reported after a day, put back only by a command (docs/stuck-images.md). */
import assert from "node:assert/strict";
import { run } from "../../src/cli/run.ts";
import { recoverUploads } from "../../src/images/recover.ts";
import { endStrandedTask, listStranded, putBackStranded } from "../../src/imports/stranded.ts";
import { processName } from "../../src/util/process_name.ts";
import { WORKERS } from "../../workers.ts";
import type { ImageTransition } from "../../db/records.ts";
import { begun } from "../support/begun.ts";
import { FORMATS, postImport, stage } from "../support/imports.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";

const exec = ({ database }: TestService, sql: string) => database.exec(sql);

/** Sets the last change of an image and of its tasks back by so many hours. */
async function age(service: TestService, id: string, hours: number, what = "images"): Promise<void> {
  const time = new Date(Date.now() - hours * 3_600_000).toISOString().replace("T", " ").slice(0, 19);
  const key = what === "images" ? "id" : "image_id";
  await exec(service, `UPDATE ${what} SET updated_at = '${time}.000000' WHERE ${key} = '${id}'`);
}

async function file(service: TestService, folder: string, name: string): Promise<void> {
  await Deno.mkdir(`${service.dir}/${folder}`, { recursive: true });
  await Deno.writeTextFile(`${service.dir}/${folder}/${name}`, "half");
}

/** Creates an image as an upstream process leaves it: without our lease. */
async function left(service: TestService, more: Partial<ImageTransition>): Promise<string> {
  const { id } = await service.create(OWNER, { ...FORMATS, kept: "k" });
  await service.deps.db.write.images.transition({ id, from: ["queued"], to: "saving", ...more, limit: null });
  return id;
}

/** The same with an upstream task that holds the lock. */
async function importing(
  service: TestService,
  type: "api_image_import" | "location_import",
): Promise<string> {
  const task = crypto.randomUUID();
  const { stores } = service.deps;
  const { id } = await service.create(OWNER, FORMATS);
  await service.deps.db.write.images.transition({
    id,
    from: ["queued"],
    to: "importing",
    columns: { size: 4 },
    addLocations: [{ url: `${stores.default.urlPrefix}/${id}`, metadata: {} }],
    setProperties: {
      os_glance_import_task: task,
      os_glance_importing_to_stores: "x",
      os_glance_failed_import: "y",
      os_glance_stage_host: "http://old",
    },
    limit: null,
  });
  await service.deps.db.write.tasks.create({
    id: task,
    type,
    owner: "p1",
    image_id: id,
    request_id: null,
    user_id: null,
    input: null,
  });
  await age(service, id, 30, "tasks");
  await file(service, "images", id);
  return id;
}

/** Creates an image as Glance leaves it after a crash between accepting an import and its first step: only the lock exists. */
async function accepted(
  service: TestService,
  { status, size = null, task: state }: {
    status: "uploading" | "queued" | "active";
    size?: number | null;
    task: "pending" | "processing" | "gone";
  },
): Promise<string> {
  const task = crypto.randomUUID();
  const { db } = service.deps;
  const { id } = await service.create(OWNER, FORMATS);
  const setProperties = { os_glance_import_task: task, os_glance_importing_to_stores: "x" };
  const move = { id, from: ["queued" as const], columns: { size }, setProperties };
  await db.write.images.transition({ ...move, to: status === "queued" ? "same" : status, limit: null });
  if (state === "gone") return id;
  await db.write.tasks.create({
    id: task,
    type: "api_image_import",
    owner: "p1",
    image_id: id,
    request_id: null,
    user_id: null,
    input: { image_id: id, backend: ["x"] },
  });
  if (state === "processing") {
    await db.write.tasks.change({ id: task, from: ["pending"], status: "processing" });
  }
  await age(service, id, 30, "tasks");
  return id;
}

const show = async (service: TestService, id: string) =>
  await (await service.ask(`/v2/images/${id}`, OWNER)).json();

Deno.test("what counts as stranded", async (t) => {
  await using service = await startService();
  const { db } = service.deps;
  const lease = (id: string) => ({
    token: id,
    owner: "x",
    store_id: null,
    seconds: -1,
  });
  const rows: [string, boolean, number, () => Promise<string>][] = [
    ["saving for 25 hours", true, 25, () => left(service, {})],
    ["saving for 23 hours", false, 23, () => left(service, {})],
    ["half staged", true, 25, () => left(service, { to: "uploading" })],
    [
      "staged, waiting for its import",
      false,
      999,
      () => left(service, { to: "uploading", columns: { size: 4 } }),
    ],
    ["importing without a task", true, 25, () => left(service, { to: "importing" })],
    ["importing, its task dead too", true, 25, () => importing(service, "api_image_import")],
    ["hidden", true, 25, async () => {
      const id = await left(service, {});
      await db.write.images.change({ id, columns: { os_hidden: true } });
      return id;
    }],
    ["importing, its task said something an hour ago", false, 25, async () => {
      const id = await importing(service, "api_image_import");
      await age(service, id, 1, "tasks");
      return id;
    }],
    ["an upload of ours, which recovery looks after", false, 25, async () => {
      const { id } = await service.create(OWNER, FORMATS);
      await db.write.images.transition({
        id,
        from: ["queued"],
        to: "saving",
        beginUpload: lease(id),
        limit: null,
      });
      return id;
    }],
    [
      "staged, its import accepted, its task dead",
      true,
      25,
      () => accepted(service, { status: "uploading", size: 4, task: "processing" }),
    ],
    [
      "queued, its web-download accepted, its task dead",
      true,
      25,
      () => accepted(service, { status: "queued", task: "pending" }),
    ],
    [
      "active, its copy accepted, its task dead",
      true,
      25,
      () => accepted(service, { status: "active", size: 4, task: "processing" }),
    ],
    ["locked by a task that is gone", true, 25, () => accepted(service, { status: "queued", task: "gone" })],
    ["locked by a task of ours, which recovery looks after", false, 999, async () => {
      const { id } = await service.create(OWNER, FORMATS);
      await begun(service, id, { method: { name: "web-download" } });
      return id;
    }],
    ["active", false, 999, () => left(service, { to: "active" })],
    ["queued", false, 999, async () => (await service.create(OWNER)).id],
  ];
  for (const [name, stranded, hours, make] of rows) {
    await t.step(`${name}: ${stranded ? "yes" : "no"}`, async () => {
      const id = await make();
      await age(service, id, hours);
      const { images } = await listStranded(service.deps, 24);
      assert.equal(images.some((image) => image.id === id), stranded);
      if (!stranded) {
        const image = {
          id,
          name: null,
          owner: null,
          status: "saving",
          broken: true,
          since: "",
          task_id: null,
          task_type: null,
          task_status: null,
          task_since: null,
        } as const;
        assert.equal(await putBackStranded(service.deps, image, 24), false);
      }
    });
  }
});

Deno.test("put back: queued, without any data or lock, and a new upload works", async (t) => {
  await using service = await startService();
  const putBack = async (id: string) => {
    await age(service, id, 30);
    const image = (await listStranded(service.deps, 24)).images.find((each) => each.id === id);
    assert.ok(await putBackStranded(service.deps, image!, 24));
    const now = await show(service, id);
    assert.deepEqual([now.status, now.size, now.checksum], ["queued", null, null]);
    assert.deepEqual(await service.deps.db.read.uploads.list(), []);
    return now;
  };
  await t.step("an upload", async () => {
    const id = await left(service, {});
    await file(service, "images", id);
    assert.equal((await putBack(id)).kept, "k");
    assert.deepEqual(filesIn(`${service.dir}/images`), []);
    await service.upload(id, OWNER, "data");
  });
  await t.step("a stage", async () => {
    const id = await left(service, { to: "uploading" });
    await file(service, "staging", id);
    await putBack(id);
    assert.deepEqual(filesIn(`${service.dir}/staging`), []);
    await stage(service, id, "data");
  });
  await t.step("an import: its task has failed, its lock is gone", async () => {
    const id = await importing(service, "api_image_import");
    await file(service, "staging", id);
    const image = await putBack(id);
    for (const name of ["os_glance_import_task", "stores"]) assert.ok(!image[name], name);
    assert.deepEqual([image.os_glance_importing_to_stores, image.os_glance_failed_import], ["", ""]);
    assert.ok(!filesIn(`${service.dir}/images`).includes(id));
    assert.ok(!filesIn(`${service.dir}/staging`).includes(id));
    const { tasks } = await (await service.ask(`/v2/images/${id}/tasks`, OWNER)).json();
    assert.deepEqual(tasks.map(({ status, message }: Record<string, string>) => [status, message]), [
      ["failure", "Expired lock preempted"],
    ]);
    await stage(service, id, "data");
    assert.equal((await postImport(service, id, { method: { name: "glance-direct" } })).status, 202);
    await service.deps.background.settled();
    assert.equal((await show(service, id)).status, "active");
  });
  await t.step("a location: what it points to stays", async () => {
    const id = await importing(service, "location_import");
    await putBack(id);
    assert.equal(await Deno.readTextFile(`${service.dir}/images/${id}`), "half");
  });
});

Deno.test("put back: the lock of an accepted import goes, the image stays, and a new import works", async (t) => {
  await using service = await startService();
  const import_ = (id: string) => postImport(service, id, { method: { name: "glance-direct" } });
  const free = async (id: string) => {
    await age(service, id, 30);
    const image = (await listStranded(service.deps, 24)).images.find((each) => each.id === id);
    assert.ok(await putBackStranded(service.deps, image!, 24));
    const now = await show(service, id);
    assert.deepEqual([now.status, now.os_glance_importing_to_stores], [image!.status, ""]);
    assert.ok(!("os_glance_import_task" in now));
    const { tasks } = await (await service.ask(`/v2/images/${id}/tasks`, OWNER)).json();
    assert.deepEqual(tasks.map(({ status, message }: Record<string, string>) => [status, message]), [
      ["failure", "Expired lock preempted"],
    ]);
  };
  await t.step("staged data", async () => {
    const id = await accepted(service, { status: "uploading", size: 4, task: "processing" });
    await file(service, "staging", id);
    await age(service, id, 0.5, "tasks");
    assert.equal((await import_(id)).status, 409);
    await age(service, id, 30, "tasks");
    await free(id);
    assert.equal(await Deno.readTextFile(`${service.dir}/staging/${id}`), "half");
    assert.equal((await import_(id)).status, 202);
    await service.deps.background.settled();
    assert.equal((await show(service, id)).status, "active");
  });
  await t.step("nothing yet", async () => {
    const id = await accepted(service, { status: "queued", task: "pending" });
    await free(id);
    await service.upload(id, OWNER, "data");
  });
  await t.step("a copy", async () => {
    const { id } = await service.create(OWNER, FORMATS);
    await service.upload(id, OWNER, "data");
    const task = crypto.randomUUID();
    const { write } = service.deps.db;
    const setProperties = { os_glance_import_task: task, os_glance_importing_to_stores: "b" };
    await write.images.transition({ id, from: ["active"], to: "same", setProperties, limit: null });
    await write.tasks.create({
      id: task,
      type: "api_image_import",
      owner: "p1",
      image_id: id,
      request_id: null,
      user_id: null,
      input: {},
    });
    await age(service, id, 30, "tasks");
    await free(id);
    assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
  });
});

Deno.test("a task without an image and without a process ends in failure", async () => {
  await using service = await startService();
  const task = crypto.randomUUID();
  const { db } = service.deps;
  const more = { owner: "p1", image_id: null, request_id: null, user_id: null, input: {} };
  await db.write.tasks.create({ id: task, type: "import", ...more });
  await db.write.tasks.change({ id: task, from: ["pending"], status: "processing" });
  assert.deepEqual((await listStranded(service.deps, 24)).tasks, []);
  await exec(service, `UPDATE tasks SET updated_at = '2001-01-01 00:00:00.000000' WHERE id = '${task}'`);
  const { tasks } = await listStranded(service.deps, 24);
  assert.deepEqual(tasks.map(({ id, type, status }) => [id, type, status]), [[task, "import", "processing"]]);
  assert.ok(await endStrandedTask(service.deps, tasks[0]!));
  const ended = await (await service.ask(`/v2/tasks/${task}`, ADMIN)).json();
  assert.deepEqual([ended.status, ended.message], ["failure", "Expired lock preempted"]);
  assert.equal(await endStrandedTask(service.deps, tasks[0]!), false);
});

Deno.test("a crash during the put back is recovered like that of an upload", async () => {
  await using service = await startService();
  const id = await importing(service, "api_image_import");
  await age(service, id, 30);
  const taken = await service.deps.db.write.stranded.take({
    id,
    seconds: -1_000_000_000,
    by: {
      token: id,
      owner: processName().replace(/-[^-]+-/, "-00000000-"),
      store_id: null,
      seconds: 1_000_000_000,
    },
    end: { status: "failure", expires_at: "2999-01-01 00:00:00.000000" },
  });
  assert.equal(taken!.status, "importing");
  await recoverUploads(service.deps);
  assert.equal((await show(service, id)).status, "queued");
  assert.deepEqual(filesIn(`${service.dir}/images`), []);
});

Deno.test("the command", async () => {
  await using service = await startService();
  const [one, two, young] = [await left(service, {}), await left(service, {}), await left(service, {})];
  await age(service, one, 48);
  await age(service, two, 30);
  const config = `${service.dir}/glance.conf`;
  await Deno.writeTextFile(
    config,
    `[DEFAULT]\nlog_file = ${service.dir}/log\nnode_staging_uri = file://${service.dir}/staging\n` +
      `[database]\nconnection = ${service.database.connection}\n` +
      `[glance_store]\nfilesystem_store_datadir = ${service.dir}/images\n`,
  );
  const stuck = async (...args: string[]) => {
    const out: string[] = [];
    const say = (text: string) => void out.push(text);
    const shared = { name: "oneglance", workers: WORKERS, env: {}, out: say, err: say };
    const code = await run({ ...shared, args: ["stuck", ...args, "--config-file", config] });
    return { code, out: out.join("\n") };
  };
  const listed = await stuck();
  assert.equal(listed.code, 1);
  assert.deepEqual(listed.out.split("\n").map((line) => line.split(" ")[0]), [one, two]);
  assert.match(listed.out, new RegExp(`^${one}  saving .* its upload was interrupted$`, "m"));
  const held = await accepted(service, { status: "uploading", size: 4, task: "processing" });
  await age(service, held, 0.2, "tasks");
  const recent = await stuck("--age", "0", held);
  assert.match(recent.out, /^\S+ {2}uploading .* held by task \S+ {2}\(locked for 4[78] more minutes\)$/);
  const [shown] = JSON.parse((await stuck("--age", "0", "--json", held)).out);
  assert.deepEqual([shown.kind, shown.broken, shown.task_status], ["image", false, "processing"]);
  assert.ok(Date.parse(shown.lock_until) > Date.now());
  assert.deepEqual(await stuck("--age", "0", "--put-back", held), { code: 0, out: `${held} locked -> free` });
  assert.equal((await show(service, held)).status, "uploading");
  const json = await stuck("--json", "--age", "0", young);
  assert.deepEqual(JSON.parse(json.out).map(({ id }: { id: string }) => id), [young]);
  assert.deepEqual(await stuck("--put-back", one), { code: 0, out: `${one} saving -> queued` });
  assert.deepEqual((await stuck(one)).out, `${one} is not stuck.\nNo image is stuck.`);
  assert.equal((await stuck("--put-back")).out, `${two} saving -> queued`);
  assert.deepEqual(await stuck(), { code: 0, out: "No image is stuck." });
  assert.equal((await show(service, young)).status, "saving");
  for (const wrong of [["--age", "soon"], ["--age", "-1"], ["--age="], ["--force"]]) {
    assert.equal((await stuck(...wrong)).code, 2, wrong.join(" "));
  }
});

Deno.test("incompletely staged data is not imported", async (t) => {
  await using service = await startService();
  for (const size of [null, 3, 5]) {
    await t.step(`size ${size}, file of 4 bytes`, async () => {
      const id = await left(service, { to: "uploading", columns: { size } });
      await file(service, "staging", id);
      assert.equal((await postImport(service, id, { method: { name: "glance-direct" } }, ADMIN)).status, 202);
      await service.deps.background.settled();
      const { status, size: now } = await show(service, id);
      assert.deepEqual([status, now], ["queued", null]);
      const { tasks } = await (await service.ask(`/v2/images/${id}/tasks`, ADMIN)).json();
      assert.match(tasks[0].message, /staged data is not whole/);
    });
  }
});
