/** Every event and its payload, as the writes put them into the outbox (docs/reference/background-jobs.md §7). */
import assert from "node:assert/strict";
import { notificationOf, wrap } from "../../src/notify/drivers.ts";
import { drain, takeEvents } from "../support/events.ts";
import { ADMIN, OWNER, startService, STRANGER } from "../support/service.ts";
import { makeImage } from "../support/temp_database.ts";

const ON = { "oslo_messaging_notifications.driver": "log" };
const BARE = { disk_format: "raw", container_format: "bare" };

const names = (events: [string, string, unknown][]) =>
  events.map(([type, priority]) => `${type} ${priority}`);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

Deno.test("an image from its creation to its end", async () => {
  await using service = await startService(ON);
  const { id } = await service.create(OWNER, { ...BARE, name: "one", tags: ["a"], colour: "red" });
  const [created] = await takeEvents(service);
  const { created_at, updated_at, ...rest } = created![2];
  assert.match(String(created_at), TIME);
  assert.match(String(updated_at), TIME);
  assert.equal(created![0], "image.create");
  const image = {
    id,
    name: "one",
    status: "queued",
    min_disk: 0,
    min_ram: 0,
    protected: false,
    checksum: null,
    owner: "p1",
    disk_format: "raw",
    container_format: "bare",
    size: null,
    virtual_size: null,
    is_public: false,
    visibility: "shared",
    properties: { colour: "red" },
    tags: ["a"],
    deleted: false,
    deleted_at: null,
  };
  assert.deepEqual(rest, image);

  await service.upload(id, OWNER, "data");
  const uploaded = await takeEvents(service);
  assert.deepEqual(names(uploaded), [
    "image.prepare INFO",
    "image.upload INFO",
    "image.activate INFO",
    "image.update INFO",
  ]);
  const lists = { os_glance_importing_to_stores: [], os_glance_failed_import: [] };
  const known = { created_at, updated_at: uploaded[1]![2].updated_at };
  assert.deepEqual(uploaded[0]![2], {
    ...image,
    ...lists,
    created_at,
    updated_at: uploaded[0]![2].updated_at,
    status: "saving",
  });
  const active = {
    ...image,
    ...known,
    status: "active",
    size: 4,
    virtual_size: 4,
    checksum: "8d777f385d3dfec8815d20f7496026dc",
  };
  assert.deepEqual(uploaded[1]![2], { ...active, ...lists });
  assert.deepEqual(uploaded[2]![2], active);
  assert.deepEqual(uploaded[3]![2], active);

  await service.patch(id, ADMIN, [{ op: "replace", path: "/visibility", value: "public" }]);
  const [patched] = await takeEvents(service);
  assert.deepEqual([patched![0], patched![2].visibility, patched![2].is_public], [
    "image.update",
    "public",
    true,
  ]);

  for (
    const [method, path] of [
      ["PUT", "tags/b"],
      ["DELETE", "tags/a"],
      ["POST", "actions/deactivate"],
      ["POST", "actions/reactivate"],
    ] as const
  ) {
    assert.equal((await service.ask(`/v2/images/${id}/${path}`, ADMIN, { method })).status, 204, path);
    const events = await takeEvents(service);
    assert.deepEqual(names(events), ["image.update INFO"], path);
    assert.equal(events[0]![2].status, path.endsWith("deactivate") ? "deactivated" : "active", path);
    if (path.startsWith("tags")) assert.deepEqual(events[0]![2].tags, path === "tags/b" ? ["a", "b"] : ["b"]);
  }

  assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
  const [deleted] = await takeEvents(service);
  assert.equal(deleted![0], "image.delete");
  assert.equal(deleted![2].deleted, true);
  assert.match(String(deleted![2].deleted_at), TIME);
  assert.deepEqual([deleted![2].tags, deleted![2].properties], [["b"], { colour: "red" }]);
});

Deno.test("members", async () => {
  await using service = await startService(ON);
  const { id } = await service.create(OWNER, BARE);
  await drain(service);
  const path = `/v2/images/${id}/members`;
  const payload = async () => {
    const events = await takeEvents(service);
    assert.equal(events.length, 1);
    const [[type, priority, { created_at, updated_at, ...rest }]] = events as [
      [string, string, Record<string, unknown>],
    ];
    assert.match(String(created_at), TIME);
    assert.match(String(updated_at), TIME);
    return [type, priority, rest];
  };
  const member = { image_id: id, member_id: "p2", status: "pending", deleted: false, deleted_at: null };
  assert.equal((await service.ask(path, OWNER, { method: "POST", body: { member: "p2" } })).status, 200);
  assert.deepEqual(await payload(), ["image.member.create", "INFO", member]);
  const accept = { method: "PUT", body: { status: "accepted" } };
  assert.equal((await service.ask(`${path}/p2`, STRANGER, accept)).status, 200);
  assert.deepEqual(await payload(), ["image.member.update", "INFO", { ...member, status: "accepted" }]);
  assert.equal((await service.ask(`${path}/p2`, OWNER, { method: "DELETE" })).status, 204);
  const [type, priority, { deleted_at, ...gone }] = await payload() as [
    string,
    string,
    Record<string, unknown>,
  ];
  assert.match(String(deleted_at), TIME);
  assert.deepEqual([type, priority, { ...gone, deleted_at: null }], [
    "image.member.delete",
    "INFO",
    { ...member, status: "accepted", deleted: true },
  ]);
});

Deno.test("a failed upload records its reason; a refused one records nothing", async () => {
  await using service = await startService({ ...ON, "DEFAULT.image_size_cap": "3" });
  const { id } = await service.create(OWNER, BARE);
  await drain(service);
  const put = { method: "PUT", headers: { "content-type": "application/octet-stream" }, body: "data" };
  const response = await service.ask(`/v2/images/${id}/file`, OWNER, put);
  assert.equal(response.status, 413);
  const events = await takeEvents(service);
  assert.deepEqual(names(events), ["image.prepare INFO", "image.upload ERROR"]);
  assert.match(String(events[1]![2]), /image_size_cap allows 3/);

  assert.equal((await service.ask(`/v2/images/${id}`, STRANGER, { method: "DELETE" })).status, 404);
  assert.equal((await service.ask(`/v2/images/${id}/tags/none`, OWNER, { method: "DELETE" })).status, 404);
  assert.equal((await service.ask("/v2/images", OWNER, { method: "POST", body: { id } })).status, 409);
  assert.equal((await service.ask(`/v2/images/${id}/members/p9`, OWNER, { method: "DELETE" })).status, 404);
  assert.deepEqual(await takeEvents(service), []);
});

Deno.test("tasks: made, run, ended; without input, result and message", async () => {
  await using service = await startService(ON);
  const { db } = service.deps;
  const { id: image_id } = await service.create(OWNER, BARE);
  await drain(service);
  const lease = {
    image_id,
    token: "run",
    owner: "me",
    seconds: 60,
    caller: "{}",
  };
  const task = {
    id: crypto.randomUUID(),
    type: "api_image_import" as const,
    owner: "p1",
    image_id,
    request_id: null,
    user_id: null,
    input: { secret: "yes" },
  };
  await db.write.tasks.start({ task, lease, lock: true });
  await db.write.tasks.start({ task: { ...task, id: "other" }, lease: { ...lease, token: "x" }, lock: true });
  await db.write.tasks.change({ id: task.id, from: ["pending"], status: "processing" });
  await db.write.tasks.change({ id: task.id, from: ["pending"], status: "processing" });
  const end = { status: "failure" as const, message: "why", expires_at: "2031-01-01 00:00:00.000000" };
  await db.write.tasks.end({ token: "run", end });
  await db.write.tasks.end({ token: "run", end });
  const events = await takeEvents(service);
  assert.deepEqual(names(events), [
    "task.create INFO",
    "task.run INFO",
    "task.processing INFO",
    "task.failure INFO",
  ]);
  const { created_at, updated_at, ...payload } = events[3]![2];
  assert.match(String(created_at), TIME);
  assert.match(String(updated_at), TIME);
  assert.deepEqual(payload, {
    id: task.id,
    type: "api_image_import",
    status: "failure",
    result: null,
    owner: "p1",
    message: null,
    expires_at: "2031-01-01T00:00:00Z",
    deleted: false,
    deleted_at: null,
  });
});

Deno.test("a task that ends with its image's change records both", async () => {
  await using service = await startService(ON);
  const { db } = service.deps;
  const { id } = await service.create(OWNER, BARE);
  const lease = {
    image_id: id,
    token: "run",
    owner: "me",
    seconds: 60,
    caller: "{}",
  };
  const task = {
    id: "t",
    type: "api_image_import" as const,
    owner: "p1",
    image_id: id,
    request_id: null,
    user_id: null,
    input: null,
  };
  await db.write.tasks.start({ task, lease, lock: true });
  await drain(service);
  const change = {
    id,
    from: ["queued" as const],
    to: "active" as const,
    data: "uploaded" as const,
    addLocations: [{ url: "file:///secret/place", metadata: {} }],
    setProperties: { os_glance_importing_to_stores: "", os_glance_failed_import: "b,c" },
    task: "run",
    endTask: { status: "success" as const, expires_at: "2031-01-01 00:00:00.000000" },
    limit: null,
  };
  assert.equal((await db.write.images.transition(change)).outcome, "done");
  const raw = await drain(service);
  assert.deepEqual(raw.map(({ type }) => type), [
    "image.upload",
    "image.activate",
    "image.update",
    "task.success",
  ]);
  assert.ok(!JSON.stringify(raw).includes("secret/place"));
  const upload = notificationOf(raw[0]!, "p").payload as Record<string, unknown>;
  assert.deepEqual(upload.os_glance_failed_import, ["b", "c"]);
  assert.equal((await db.write.images.transition(change)).outcome, "status");
  assert.deepEqual(await takeEvents(service), []);
});

Deno.test("only changes are recorded: not for a task that ended before, nor for the last copy", async () => {
  await using service = await startService(ON);
  const { db } = service.deps;
  const { id } = await service.create(OWNER, BARE);
  await service.upload(id, OWNER, "data");
  const expires_at = "2030-01-01 00:00:00.000000";
  const lease = { image_id: id, token: "run", owner: "me", seconds: 60, caller: "{}" };
  const ids = { image_id: id, request_id: null, user_id: null };
  const task = { id: "t", type: "api_image_import" as const, owner: "p1", input: null, ...ids };
  await db.write.tasks.start({ task, lease, lock: true });
  await db.write.tasks.change({ id: "t", from: ["pending"], status: "failure" });
  await drain(service);
  assert.equal(await db.write.tasks.end({ token: "run", end: { status: "success", expires_at } }), true);
  const { locations } = (await db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } }))!;
  const by = { token: "d", owner: "me", seconds: 60 };
  const last = { id, by, locationIds: locations.map((each) => each.id), added: 0, delayed: false };
  assert.equal(await db.write.deletions.beginCopies(last), "last");
  assert.deepEqual(await takeEvents(service), []);
});

Deno.test("a stranded image that is put back: its task failed, the image changed", async () => {
  await using service = await startService(ON);
  const { db } = service.deps;
  const { id } = await service.create(OWNER, BARE);
  const expires_at = "2030-01-01 00:00:00.000000";
  const ids = { image_id: id, request_id: null, user_id: null };
  const task = { id: "t", type: "api_image_import" as const, owner: "p1", input: null, ...ids };
  const lease = { image_id: id, token: "run", owner: "me", seconds: 60, caller: "{}" };
  await db.write.tasks.start({ task, lease, lock: true });
  await db.write.images.transition({ id, from: ["queued"], to: "importing", task: "run", limit: null });
  // What a Glance leaves that died: no lease of ours.
  await service.database.exec("DELETE FROM oneglance_tasks");
  await drain(service);
  const by = { token: "u", owner: "me", store_id: null, seconds: 60 };
  const end = { status: "failure" as const, message: "why", expires_at };
  assert.equal((await db.write.stranded.take({ id, seconds: -1_000_000_000, by, end }))?.status, "importing");
  assert.deepEqual(names(await takeEvents(service)), ["task.failure INFO", "image.update INFO"]);
});

Deno.test("stores of an upload are named in the multi-store mode", async () => {
  await using service = await startService({
    ...ON,
    "DEFAULT.enabled_backends": "fast:file, slow:file",
    "glance_store.default_backend": "slow",
    "fast.filesystem_store_datadir": "{dir}/fast",
    "slow.filesystem_store_datadir": "{dir}/slow",
  });
  const { id } = await service.create(OWNER, BARE);
  await service.upload(id, OWNER, "data");
  const events = await takeEvents(service);
  assert.deepEqual(
    events.filter(([, , { backend }]) => backend !== undefined).map(([type, , { backend }]) => [
      type,
      backend,
    ]),
    [["image.prepare", "slow"]],
  );
});

for (
  const [disabled, expected] of [
    ["", ["image.create", "image.update", "image.member.create"]],
    ["image.update", ["image.create", "image.member.create"]],
    ["image.member", ["image.create", "image.update", "image.member.create"]],
    ["image.member.create, image.create", ["image.update"]],
    ["image", []],
    ["task", ["image.create", "image.update", "image.member.create"]],
  ] as const
) {
  Deno.test(`disabled_notifications = ${disabled}`, async () => {
    await using service = await startService({ ...ON, "DEFAULT.disabled_notifications": disabled });
    const { id } = await service.create(OWNER, BARE);
    await service.ask(`/v2/images/${id}/tags/a`, OWNER, { method: "PUT" });
    await service.ask(`/v2/images/${id}/members`, OWNER, { method: "POST", body: { member: "p2" } });
    assert.deepEqual((await drain(service)).map(({ type }) => type), expected);
  });
}

for (const driver of ["", "noop", "unheard-of"]) {
  Deno.test(`nothing is written with driver = ${driver}`, async () => {
    await using service = await startService({ "oslo_messaging_notifications.driver": driver });
    const { id } = await service.create(OWNER, BARE);
    await service.upload(id, OWNER, "data");
    await service.deps.db.write.outbox.record({ events: [{ type: "image.create", imageId: id }] });
    assert.equal(await service.deps.db.read.outbox.oldest({ seconds: 0 }), null);
  });
}

Deno.test("an event is not there when its write fails", async () => {
  await using service = await startService({ ...ON, "DEFAULT.metadata_encryption_key": "0123456789abcdef" });
  const { id } = await service.create(OWNER, BARE);
  await drain(service);
  await assert.rejects(makeImage(service.deps.db, { id, properties: {}, tags: [] }), /already exists/);
  assert.equal(await service.deps.db.read.outbox.oldest({ seconds: 0 }), null);
});

Deno.test("the envelope", () => {
  const notification = {
    message_id: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    publisher_id: "image.localhost",
    event_type: "image.create",
    priority: "INFO" as const,
    payload: { id: "i" },
    timestamp: "2026-01-02 03:04:05.000006",
  };
  const bare = { ...notification, _unique_id: "aaaaaaaabbbb4ccc8dddeeeeeeeeeeee" };
  assert.deepEqual(JSON.parse(wrap(notification, "1.0")), bare);
  const envelope = JSON.parse(wrap(notification, "2.0"));
  assert.deepEqual(Object.keys(envelope), ["oslo.version", "oslo.message"]);
  assert.equal(envelope["oslo.version"], "2.0");
  assert.deepEqual(JSON.parse(envelope["oslo.message"]), bare);
});
