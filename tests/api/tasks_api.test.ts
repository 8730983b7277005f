/** The tasks API by tables (docs/reference/tasks-api.md §9; the numbers are those of its lines). */
import assert from "node:assert/strict";
import { importNow, serveSite, staged, threeStores } from "../support/imports.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";
import { MARIADB } from "../support/mariadb_database.ts";

const INPUT = {
  import_from: "http://127.0.0.1/nothing",
  import_from_format: "raw",
  image_properties: { name: "imported", disk_format: "raw", colour: "blue" },
};
const IMPORT = { type: "import", input: INPUT };
const UNKNOWN = "11111111-2222-4333-8444-555555555555";

async function ended(service: TestService): Promise<{ id: string }> {
  const response = await service.ask("/v2/tasks", ADMIN, { method: "POST", body: IMPORT });
  assert.equal(response.status, 201);
  const { id } = await response.json();
  await service.deps.background.settled();
  return { id };
}

const bad = (name: string, body: unknown, has: string | string[] = []): Row => ({
  name,
  who: ADMIN,
  ask: "POST /v2/tasks",
  body,
  status: 400,
  has,
});
const from = (import_from: unknown) => ({ type: "import", input: { ...INPUT, import_from } });

const REFUSED: Row[] = [
  { name: "1: member lists", ask: "GET /v2/tasks", status: 403 },
  { name: "1: before the query is looked at", ask: "GET /v2/tasks?limit=x", status: 403 },
  { name: "1: member creates, before the body is looked at", ask: "POST /v2/tasks", body: "x", status: 403 },
  { name: "1: member shows", ask: `GET /v2/tasks/${UNKNOWN}`, status: 403 },
  {
    name: "4: delete",
    who: ADMIN,
    ask: `DELETE /v2/tasks/${UNKNOWN}`,
    status: 405,
    gives: { allow: "GET" },
    has: "expire",
  },
  { name: "4: delete by a member", ask: `DELETE /v2/tasks/${UNKNOWN}`, status: 403 },
  {
    name: "put on a task",
    who: ADMIN,
    ask: `PUT /v2/tasks/${UNKNOWN}`,
    status: 405,
    gives: { allow: "GET, DELETE" },
  },
  { name: "put on tasks", who: ADMIN, ask: "PUT /v2/tasks", status: 405, gives: { allow: "GET, POST" } },
  { name: "unknown", who: ADMIN, ask: "GET /v2/tasks/nope", status: 404 },
  bad("no body", undefined),
  bad("a list", [], "Task 'type' is required"),
  bad("no type", { input: {} }, "Task 'type' is required"),
  bad("no input", { type: "import" }, "Task 'input' is required"),
  bad("input null", { type: "api_image_import", input: null }),
  bad("input null of an import", { type: "import", input: null }),
  bad("old type export", { type: "export", input: {} }),
  bad("11: unknown key", { ...IMPORT, colour: "blue" }),
  bad("import_from missing", { type: "import", input: {} }),
  bad("import_from null", from(null)),
  bad("import_from empty", from("")),
  bad("import_from a number", from(7)),
  bad("3: local file", from("file:///etc/passwd")),
  bad("3: filesystem", from("filesystem:///etc/passwd")),
  bad("3: scheme", from("ftp://127.0.0.1/x")),
  bad("3: port", from("http://127.0.0.1:8080/x")),
  bad("3: host", from("http://2130706433/")),
  bad("3: unresolvable", from("http://does.not.exist.invalid/")),
  { name: "7: marker no uuid", who: ADMIN, ask: "GET /v2/tasks?marker=x", status: 400 },
  { name: "7: marker empty", who: ADMIN, ask: "GET /v2/tasks?marker=", status: 400 },
  { name: "7: marker unknown", who: ADMIN, ask: `GET /v2/tasks?marker=${UNKNOWN}`, status: 400 },
  { name: "8: type", who: ADMIN, ask: "GET /v2/tasks?type=api_image_import", status: 400 },
  { name: "status", who: ADMIN, ask: "GET /v2/tasks?status=done", status: 400 },
  { name: "10: sort key", who: ADMIN, ask: "GET /v2/tasks?sort_key=colour", status: 400 },
  { name: "sort dir", who: ADMIN, ask: "GET /v2/tasks?sort_dir=up", status: 400 },
  { name: "limit negative", who: ADMIN, ask: "GET /v2/tasks?limit=-1", status: 400 },
  { name: "limit no number", who: ADMIN, ask: "GET /v2/tasks?limit=x", status: 400 },
  { name: "limit empty", who: ADMIN, ask: "GET /v2/tasks?limit=", status: 400 },
  { name: "13: tasks of no image", ask: `GET /v2/images/${UNKNOWN}/tasks`, status: 404 },
  { name: "13: post there", ask: `POST /v2/images/${UNKNOWN}/tasks`, status: 404 },
];

const ANSWERED: Row[] = [
  {
    name: "9: status empty",
    who: ADMIN,
    ask: "GET /v2/tasks?status=",
    status: 200,
    json: { tasks: [], first: "/v2/tasks?status=" },
  },
  { name: "9: type empty", who: ADMIN, ask: "GET /v2/tasks?type=", status: 200, json: { tasks: [] } },
  {
    name: "limit 0",
    who: ADMIN,
    ask: "GET /v2/tasks?limit=0",
    status: 200,
    json: { tasks: [], next: undefined },
  },
  { name: "a filter", who: ADMIN, ask: "GET /v2/tasks?owner=nobody", status: 200, json: { tasks: [] } },
  {
    name: "an unknown name",
    who: ADMIN,
    ask: "GET /v2/tasks?limit=0&x=1",
    status: 200,
    json: { first: "/v2/tasks?limit=0&x=1" },
  },
  { name: "schema", ask: "GET /v2/schemas/task", status: 200, json: { name: "task", links: undefined } },
  { name: "schema", ask: "GET /v2/schemas/tasks", status: 200, json: { name: "tasks" } },
];

Deno.test("what the tasks API refuses", async (t) => {
  await using service = await startService({ "import_filtering_opts.allowed_ports": "[80,443]" });
  await runTable(t, service, REFUSED);
});

Deno.test("what the tasks API answers", async (t) => {
  await using service = await startService();
  await runTable(t, service, ANSWERED);
});

Deno.test("2, 6, 11, 17: a new task", async () => {
  await using service = await startService();
  const body = { ...IMPORT, status: "success", owner: "other", message: "x" };
  const response = await service.ask("/v2/tasks", ADMIN, { method: "POST", body });
  assert.equal(response.status, 201);
  const task = await response.json();
  assert.match(response.headers.get("location")!, new RegExp(`^http://[^/]+/v2/tasks/${task.id}$`));
  assert.deepEqual(
    Object.keys(task).sort(),
    "created_at id input message owner request_id result schema self status type updated_at user_id"
      .split(" "),
  );
  assert.deepEqual([task.status, task.owner, task.message, task.result], [
    "pending",
    "admin-project",
    "",
    null,
  ]);
  assert.equal(task.schema, "/v2/schemas/task");
  assert.equal(task.request_id, response.headers.get("x-openstack-request-id"));
  await service.deps.background.settled();
  const later = await (await service.ask(`/v2/tasks/${task.id}`, ADMIN)).json();
  assert.equal(later.status, "failure");
  assert.match(later.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual((await (await service.ask("/v2/images", ADMIN)).json()).images, []);
});

Deno.test("5: lists in pages, without the long fields", async () => {
  await using service = await startService();
  const ids = [];
  for (let i = 0; i < 3; i++) ids.unshift((await ended(service)).id);
  const seen: string[] = [];
  let path: string | undefined = "/v2/tasks?limit=2";
  while (path) {
    const page = await (await service.ask(path, ADMIN)).json();
    for (const item of page.tasks) {
      seen.push(item.id);
      assert.deepEqual(
        Object.keys(item).sort(),
        "created_at expires_at id owner schema self status type updated_at".split(" "),
      );
    }
    path = page.next;
  }
  // Made within one second, they have no order of their own on MariaDB, which keeps whole seconds.
  if (MARIADB === null) assert.deepEqual(seen, ids);
  assert.deepEqual(seen.toSorted(), ids.toSorted());
  for (const key of ["type", "status", "expires_at", "image_id", "id", "user_id"]) {
    const page = await (await service.ask(`/v2/tasks?sort_key=${key}&sort_dir=asc&limit=1`, ADMIN)).json();
    const rest = await (await service.ask(page.next, ADMIN)).json();
    assert.equal(page.tasks.length + rest.tasks.length, 2, key);
    assert.notEqual(page.tasks[0].id, rest.tasks[0].id, key);
  }
});

Deno.test("expired tasks vanish without an identity service, too", async () => {
  await using service = await startService({
    "paste_deploy.flavor": "",
    "oneglance.identity_headers_from": "",
    "task.task_time_to_live": "0",
  });
  const { id } = await ended(service);
  const list = await (await service.ask("/v2/tasks", ADMIN)).json();
  assert.deepEqual(list.tasks, []);
  assert.equal((await service.ask(`/v2/tasks/${id}`, ADMIN)).status, 200);
});

Deno.test("12: expired tasks vanish from the owner's list; an admin still gets them by id", async () => {
  await using service = await startService({ "task.task_time_to_live": "0" });
  const { id } = await ended(service);
  const other = { ...ADMIN, project: "another" };
  const listed = async (who: typeof ADMIN) =>
    (await (await service.ask("/v2/tasks", who)).json()).tasks.length;
  assert.equal(await listed(other), 1);
  assert.equal(await listed(ADMIN), 0);
  assert.equal(await listed(other), 0);
  assert.equal((await service.ask(`/v2/tasks/${id}`, ADMIN)).status, 200);
});

Deno.test("the legacy import makes an image", async () => {
  await using site = serveSite(() => new Response("data of a legacy import"));
  await using service = await threeStores();
  const input = { ...INPUT, import_from: `${site.url}/x` };
  const response = await service.ask("/v2/tasks", ADMIN, {
    method: "POST",
    body: { type: "import", input },
  });
  const { id } = await response.json();
  await service.deps.background.settled();
  const task = await (await service.ask(`/v2/tasks/${id}`, ADMIN)).json();
  assert.equal(task.status, "success", task.message);
  assert.ok(!("image_id" in task));
  const image = await (await service.ask(`/v2/images/${task.result.image_id}`, ADMIN)).json();
  assert.deepEqual([image.status, image.name, image.colour, image.size], ["active", "imported", "blue", 23]);
  assert.ok(!("os_glance_import_task" in image));
  assert.deepEqual(await service.deps.db.read.tasks.leases({}), []);
});

Deno.test("15, 19: locks, whose task it is, and progress where it is asked for", async () => {
  const held = Promise.withResolvers<void>();
  await using site = serveSite(() =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new Uint8Array(1000));
          await held.promise;
          controller.close();
        },
      }),
    )
  );
  await using service = await threeStores({ "oneglance.task_lease_timeout": "1" });
  const { id } = await service.create(OWNER, { disk_format: "raw", container_format: "bare" });
  const body = { method: { name: "web-download", uri: `${site.url}/x` } };
  const post = () => service.ask(`/v2/images/${id}/import`, OWNER, { method: "POST", body });
  assert.equal((await post()).status, 202);
  assert.equal((await post()).status, 409);
  const tasks = async (query = "") =>
    (await (await service.ask(`/v2/images/${id}/tasks${query}`, OWNER)).json()).tasks;
  const [task] = await tasks();
  assert.ok(!("progress" in task));
  let progress;
  while (progress?.bytes !== 1000) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    ({ progress } = (await tasks("?progress=true"))[0]);
  }
  assert.equal(progress.step, "staging");
  held.resolve();
  await service.deps.background.settled();
  assert.ok(!("progress" in (await tasks("?progress=true"))[0]));

  const mine = await staged(service, "data");
  await service.ask(`/v2/images/${mine}/import`, OWNER, {
    method: "POST",
    body: { method: { name: "glance-direct" } },
  });
  await service.deps.background.settled();
  await service.ask(`/v2/images/${mine}/import`, ADMIN, {
    method: "POST",
    body: { method: { name: "copy-image" }, stores: ["b"] },
  });
  await service.deps.background.settled();
  const seen = await (await service.ask(`/v2/images/${mine}/tasks`, OWNER)).json();
  assert.equal(seen.tasks.length, 1);
  const all = await (await service.ask(`/v2/images/${mine}/tasks`, ADMIN)).json();
  const owners = all.tasks.map(({ owner }: { owner: string }) => owner);
  assert.deepEqual(MARIADB === null ? owners : owners.toSorted().toReversed(), ["p1", "admin-project"]);
});

Deno.test("14, 16: times of the tasks of an image; what a task that succeeded says", async () => {
  await using service = await startService();
  const id = await staged(service, "data");
  const { task } = await importNow(service, id, { method: { name: "glance-direct" } });
  for (const name of ["created_at", "updated_at", "expires_at"]) {
    assert.match(task[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/, name);
  }
  assert.deepEqual([task.deleted_at, task.deleted], [null, false]);
  const shown = await (await service.ask(`/v2/tasks/${task.id}`, ADMIN)).json();
  const { tasks: [listed] } = await (await service.ask("/v2/tasks", ADMIN)).json();
  for (const name of ["created_at", "updated_at", "expires_at"]) {
    assert.match(shown[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, name);
    assert.equal(shown[name], `${task[name].slice(0, 19)}Z`);
    assert.equal(listed[name], shown[name]);
  }
  // The last progress message stays; only the status shows the success.
  assert.deepEqual([task.status, task.message, shown.message], ["success", "Copied 0 MiB", "Copied 0 MiB"]);
});

Deno.test("18: with the tasks API closed, imports and the tasks of an image keep working", async (t) => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-policy-" });
  try {
    await Deno.writeTextFile(`${dir}/policy.yaml`, '"tasks_api_access": "!"\n');
    await using service = await startService({ "oslo_policy.policy_file": `${dir}/policy.yaml` });
    await runTable(t, service, [
      { name: "18: list", who: ADMIN, ask: "GET /v2/tasks", status: 403 },
      { name: "18: show", who: ADMIN, ask: `GET /v2/tasks/${UNKNOWN}`, status: 403 },
      { name: "18: create", who: ADMIN, ask: "POST /v2/tasks", body: IMPORT, status: 403 },
    ]);
    const id = await staged(service, "data");
    const { image, task } = await importNow(service, id, { method: { name: "glance-direct" } });
    assert.deepEqual([image.status, task.status, task.image_id], ["active", "success", id]);
    assert.equal((await service.ask(`/v2/tasks/${task.id}`, ADMIN)).status, 403);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
