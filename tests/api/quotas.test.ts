/** Quotas (docs/reference/images-api.md §3.9). Those of one kind only are with their routes: create, PATCH, tags, members. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { giveLocation } from "../support/give_location.ts";
import { fakeLimits, limitOptions } from "../support/fake_limits.ts";
import { active, queued } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService, STRANGER, type TestService, type Who } from "../support/service.ts";

const FORMATS = { disk_format: "raw", container_format: "bare" };
const MIB = 2 ** 20;

interface Answer {
  status: number;
  text: string;
}

/** Uploads to an image; `chunked` without declaring the size, `declare` another size than it has. */
async function put(
  service: TestService,
  id: string,
  size: number,
  { who = OWNER, chunked = false, declare }: { who?: Who; chunked?: boolean; declare?: number } = {},
): Promise<Answer> {
  const bytes = new Uint8Array(size);
  const response = await service.ask(`/v2/images/${id}/file`, who, {
    method: "PUT",
    headers: {
      "content-type": "application/octet-stream",
      ...(declare === undefined ? {} : { "x-openstack-image-size": String(declare) }),
    },
    body: chunked ? new Blob([bytes]).stream() : bytes,
  });
  return { status: response.status, text: await response.text() };
}

/** Makes an image and uploads to it. */
async function store(
  service: TestService,
  size: number,
  how: Parameters<typeof put>[3] = {},
): Promise<Answer> {
  const { id } = await service.create(how.who ?? OWNER, FORMATS);
  const answer = await put(service, id, size, how);
  const { status } = await (await service.ask(`/v2/images/${id}`, how.who ?? OWNER)).json();
  assert.equal(status, answer.status === 204 ? "active" : "queued", answer.text);
  return answer;
}

function files(service: TestService): number {
  return [...Deno.readDirSync(join(service.dir, "images"))].length;
}

const PATCH_HEADERS = { "content-type": "application/openstack-images-v2.1-json-patch" };

function adds(name: string, path: string, value: unknown, more: Partial<Row>): Row {
  return {
    name,
    given: queued(FORMATS),
    ask: "PATCH /v2/images/{id}",
    headers: PATCH_HEADERS,
    body: JSON.stringify([{ op: path.endsWith("-") || path === "/p" ? "add" : "replace", path, value }]),
    status: 200,
    ...more,
  };
}

/** Every count quota on every route that looks at it. */
function counted(refused: boolean): Row[] {
  const or = (fine: number) => refused ? { status: 413, has: "Maximum: 0" } : { status: fine };
  const location = { url: "http://127.0.0.1:9/image", metadata: {} };
  return [
    { name: "create: a tag", ask: "POST /v2/images", body: { tags: ["t"] }, ...or(201) },
    { name: "create: a property", ask: "POST /v2/images", body: { p: "1" }, ...or(201) },
    adds("PATCH: a tag", "/tags", ["t"], or(200)),
    adds("PATCH: a property", "/p", "1", or(200)),
    { name: "PUT of a tag", given: queued(), ask: "PUT /v2/images/{id}/tags/t", ...or(204) },
    {
      name: "POST of a member",
      given: queued(),
      ask: "POST /v2/images/{id}/members",
      body: { member: "p2" },
      ...or(200),
    },
    // Nothing listens at that address: past the quota the location itself is refused.
    adds("PATCH: a location", "/locations/-", location, refused ? or(413) : { status: 400 }),
  ];
}

for (const [quota, refused] of [["0", true], ["-1", false]] as const) {
  Deno.test(`count quotas of ${quota}: ${refused ? "none allowed" : "unlimited"}`, async (t) => {
    await using service = await startService({
      "DEFAULT.image_property_quota": quota,
      "DEFAULT.image_tag_quota": quota,
      "DEFAULT.image_member_quota": quota,
      "DEFAULT.image_location_quota": quota,
      "DEFAULT.show_multiple_locations": "true",
      "glance_store.stores": "file,http",
    });
    await runTable(t, service, counted(refused));
  });
}

Deno.test("image_size_cap: the declared size first, then what comes", async () => {
  await using service = await startService({ "DEFAULT.image_size_cap": "10" });
  assert.equal((await store(service, 10)).status, 204);
  assert.equal((await store(service, 10, { chunked: true })).status, 204);
  for (const how of [{}, { chunked: true }, { chunked: true, declare: 12 }, { declare: 12 }]) {
    const answer = await store(service, 11, how);
    assert.equal(answer.status, 413, JSON.stringify(how));
    assert.match(answer.text, /The incoming image is too large: /);
  }
  assert.equal(files(service), 2);
});

Deno.test("user_storage_quota: sizes known and unknown, to the byte", async () => {
  await using service = await startService({ "DEFAULT.user_storage_quota": "1KB" });
  const { id } = await service.create(OWNER, FORMATS);
  assert.equal((await put(service, id, 1000)).status, 204);
  const known = await store(service, 25);
  assert.equal(known.status, 413);
  assert.match(
    known.text,
    /Image exceeds the storage quota: The size of the data 25 will exceed the limit\. 24 bytes remaining\./,
  );
  const unknown = await store(service, 25, { chunked: true });
  assert.equal(unknown.status, 413, "found only when the data is there");
  assert.match(unknown.text, /The size of the data 25 will exceed the limit\. 24 bytes remaining\./);
  assert.equal((await store(service, 24, { chunked: true })).status, 204);
  const full = await store(service, 1, { chunked: true });
  assert.match(full.text, /The size of the data 0 will exceed the limit\. 0 bytes remaining\./);
  assert.equal((await store(service, 1000, { who: STRANGER })).status, 204, "each project has its own");
  assert.equal(files(service), 3);

  assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
  assert.equal((await store(service, 1000)).status, 204, "what is deleted does not count");
});

Deno.test("user_storage_quota: data of unknown size is stopped while it flows", async () => {
  await using service = await startService({ "DEFAULT.user_storage_quota": "1MB" });
  const { id } = await service.create(OWNER, FORMATS);
  let sent = 0;
  const chunk = new Uint8Array(64 * 1024);
  const endless = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((done) => setTimeout(done, 1));
      sent += chunk.length;
      controller.enqueue(chunk);
      if (sent > 2 ** 30) controller.close();
    },
  });
  const response = await service.ask(`/v2/images/${id}/file`, OWNER, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: endless,
  });
  assert.equal(response.status, 413);
  assert.match(await response.text(), /Image exceeds the storage quota: /);
  assert.ok(sent < 2 ** 30, `${sent} bytes were taken`);
  assert.equal(files(service), 0);
});

Deno.test("user_storage_quota: every location counts, what is not done does not, and delayed delete frees at once", async () => {
  await using service = await startService({
    "DEFAULT.user_storage_quota": "100",
    "DEFAULT.delayed_delete": "true",
  });
  const first = await service.create(OWNER, FORMATS);
  await service.upload(first.id, OWNER, "x".repeat(30));
  await giveLocation(service.deps.db, { id: first.id, url: "http://127.0.0.1:9/x", metadata: {} });
  assert.match((await store(service, 41)).text, /40 bytes remaining/);
  assert.equal((await service.ask(`/v2/images/${first.id}`, OWNER, { method: "DELETE" })).status, 204);
  assert.equal((await store(service, 100)).status, 204);
});

Deno.test("user_storage_quota: an administrator spends the quota of the own project", async () => {
  await using service = await startService({ "DEFAULT.user_storage_quota": "100" });
  const { id } = await service.create(OWNER, FORMATS);
  const other = await service.create(ADMIN, FORMATS);
  await service.upload(other.id, ADMIN, "x".repeat(90));
  assert.match((await put(service, id, 20, { who: ADMIN })).text, /10 bytes remaining/);
  assert.equal((await put(service, id, 20)).status, 204);
});

/** Of a project with limits of its own; the others have what is registered. */
const who = (project: string): Who => ({ roles: "member,reader", project });

Deno.test("unified limits", async (t) => {
  await using keystone = fakeLimits();
  keystone.registered.set("image_size_total", 2).set("image_count_total", 3).set("image_count_uploading", 1);
  keystone.registered.set("image_stage_total", 4);
  await using service = await startService({
    ...limitOptions(keystone),
    "DEFAULT.user_storage_quota": "1",
  });
  const usage = async (project: string) =>
    (await (await service.ask("/v2/info/usage", who(project))).json()).usage;

  await t.step("image_count_total: one more than allowed", async () => {
    for (let at = 0; at < 3; at++) await service.create(who("count"));
    const answer = await service.ask("/v2/images", who("count"), { method: "POST", body: {} });
    assert.equal(answer.status, 413);
    assert.match(
      await answer.text(),
      /Project count is over a limit for \[Resource image_count_total is over limit of 3 due to current usage 3 and delta 1\]/,
    );
    assert.equal((await usage("count")).image_count_total.usage, 3);
  });

  await t.step("image_count_total: what is deleted makes room", async () => {
    const { id } = await service.create(who("room"));
    for (let at = 0; at < 2; at++) await service.create(who("room"));
    await service.ask(`/v2/images/${id}`, who("room"), { method: "DELETE" });
    await service.create(who("room"));
  });

  await t.step("image_size_total: the image that reaches the limit passes, the next fails", async () => {
    const how = { who: who("size") };
    assert.equal((await store(service, 2 * MIB, how)).status, 204);
    const next = await store(service, MIB, how);
    assert.equal(next.status, 413);
    assert.match(next.text, /image_size_total is over limit of 2 due to current usage 2 and delta 1/);
  });

  await t.step("image_size_total: what is declared counts before anything is read", async () => {
    const answer = await store(service, 1, { who: who("declared"), declare: 3 * MIB });
    assert.match(answer.text, /image_size_total is over limit of 2 due to current usage 0 and delta 3/);
  });

  await t.step("image_size_total: only whole MiB count", async () => {
    const how = { who: who("whole") };
    assert.equal((await store(service, 3 * MIB - 1, how)).status, 204);
    assert.equal((await store(service, MIB - 1, how)).status, 204);
    assert.equal((await usage("whole")).image_size_total.usage, 3);
    assert.match((await store(service, 1, how)).text, /over limit of 2 due to current usage 3 and delta 0/);
  });

  await t.step("image_size_total: an unknown size counts as nothing; the next image is refused", async () => {
    const how = { who: who("chunked"), chunked: true };
    assert.equal((await store(service, 4 * MIB, how)).status, 204);
    assert.match((await store(service, 1, how)).text, /over limit of 2 due to current usage 4 and delta 0/);
  });

  await t.step("image_size_total comes before the image is looked for", async () => {
    const missing = crypto.randomUUID();
    assert.equal((await put(service, missing, 1, { who: who("lookup"), declare: 3 * MIB })).status, 413);
    assert.equal((await put(service, missing, 1, { who: who("lookup") })).status, 404);
  });

  await t.step("image_count_uploading: with one under way the next is refused", async () => {
    const first = await service.create(who("busy"), FORMATS);
    await service.deps.db.write.images.transition({
      id: first.id,
      from: ["queued"],
      to: "saving",
      limit: null,
    });
    const next = await store(service, 1, { who: who("busy") });
    assert.equal(next.status, 413);
    assert.match(next.text, /image_count_uploading is over limit of 1 due to current usage 2 and delta 0/);
    await service.deps.db.write.images.transition({
      id: first.id,
      from: ["saving"],
      to: "queued",
      limit: null,
    });
    assert.equal((await store(service, 1, { who: who("busy") })).status, 204);
  });

  await t.step("a status that forbids the upload is checked before image_count_uploading", async () => {
    const { id } = await service.create(who("late"), FORMATS);
    await service.deps.db.write.images.transition({ id, from: ["queued"], to: "saving", limit: null });
    assert.equal((await put(service, id, 1, { who: who("late") })).status, 409);
  });

  await t.step("an administrator's upload does not count to the owner", async () => {
    const image = await service.create(who("helped"), FORMATS);
    keystone.own.set("admin-project image_count_uploading", 0);
    assert.equal((await put(service, image.id, 1, { who: ADMIN })).status, 204);
  });

  await t.step("a limit of the project, also none at all", async () => {
    keystone.own.set("small image_size_total", 0).set("big image_size_total", -1).set(
      "big image_count_total",
      -1,
    );
    assert.equal((await store(service, MIB, { who: who("small") })).status, 413);
    assert.equal((await store(service, MIB - 1, { who: who("small") })).status, 204);
    for (let at = 0; at < 5; at++) {
      assert.equal((await store(service, MIB, { who: who("big") })).status, 204);
    }
    assert.deepEqual((await usage("big")).image_size_total, { usage: 5, limit: -1 });
  });

  await t.step("user_storage_quota is ignored", async () => {
    assert.equal((await store(service, 100, { who: who("ignored") })).status, 204);
  });

  await t.step("usage and limits are shown", async () => {
    const one = await service.create(who("shown"), FORMATS);
    await service.upload(one.id, who("shown"), new Uint8Array(MIB));
    const two = await service.create(who("shown"), FORMATS);
    await service.deps.db.write.images.transition({
      id: two.id,
      from: ["queued"],
      to: "uploading",
      columns: { size: 3 * MIB },
      limit: null,
    });
    const answer = await service.ask("/v2/info/usage", { roles: "reader", project: "shown" });
    assert.deepEqual(await answer.json(), {
      usage: {
        image_size_total: { usage: 1, limit: 2 },
        image_stage_total: { usage: 3, limit: 4 },
        image_count_total: { usage: 2, limit: 3 },
        image_count_uploading: { usage: 1, limit: 1 },
      },
    });
  });
});

Deno.test("unified limits: what is not registered is not allowed", async () => {
  await using keystone = fakeLimits();
  await using service = await startService(limitOptions(keystone));
  const answer = await service.ask("/v2/images", OWNER, { method: "POST", body: {} });
  assert.equal(answer.status, 413);
  assert.match(
    await answer.text(),
    /image_count_total is over limit of 0 due to current usage 0 and delta 1/,
  );
  const usage = await (await service.ask("/v2/info/usage", OWNER)).json();
  assert.deepEqual(usage.usage.image_count_total, { usage: 0, limit: 0 });
});

Deno.test("unified limits: without Keystone nothing is let in, and the rest goes on", async (t) => {
  await using keystone = fakeLimits();
  keystone.registered.set("image_count_total", -1).set("image_size_total", -1).set(
    "image_count_uploading",
    -1,
  );
  await using service = await startService(limitOptions(keystone));
  const { id } = await active()(service);
  const empty = await service.create(OWNER, FORMATS);
  keystone.state.status = 503;
  const others = { roles: "member,reader,admin", project: "not-cached" };
  const text = "The Keystone service is temporarily unavailable.";
  await runTable(t, service, [
    { name: "create", who: others, ask: "POST /v2/images", body: {}, status: 503, has: text },
    {
      name: "upload",
      who: others,
      ask: "PUT /v2/images/{empty}/file",
      headers: { "content-type": "application/octet-stream" },
      body: "x",
      status: 503,
      has: text,
    },
    { name: "usage", who: others, ask: "GET /v2/info/usage", status: 503, has: text },
    { name: "show", who: others, ask: "GET /v2/images/{id}", status: 200 },
    { name: "download", who: others, ask: "GET /v2/images/{id}/file", status: 200 },
    { name: "delete", who: others, ask: "DELETE /v2/images/{id}", status: 204 },
  ], { id: id!, empty: empty.id });
});

Deno.test("/v2/info/usage without unified limits", async (t) => {
  await using service = await startService({ "DEFAULT.user_storage_quota": "100" });
  const ask = "GET /v2/info/usage";
  await runTable(t, service, [
    { name: "no usage", ask, status: 200, text: '{"usage":{}}' },
    { name: "no policy", who: { roles: "nothing", project: "p9" }, ask, status: 200, text: '{"usage":{}}' },
    { name: "a body", ask, headers: { "content-length": "1" }, status: 400 },
    { name: "nobody", who: null, ask, status: 401 },
    ...["POST", "PUT", "PATCH", "DELETE"].map((method): Row => ({
      name: "another method",
      ask: `${method} /v2/info/usage`,
      status: 404,
    })),
  ]);
});
