/** What a request leaves in the log: whose line it is, one line for what happens, a stack for bugs, and no flood. */
import assert from "node:assert/strict";
import { toGlanceError } from "../../db/engines/engine_error.ts";
import { buildApp } from "../../src/app.ts";
import { writeResponse } from "../../src/wire/answer.ts";
import { captureLog } from "../support/logged.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";
import { fedBody } from "../support/stored.ts";

const BARE = { disk_format: "raw", container_format: "bare" };
const OCTETS = { "content-type": "application/octet-stream" };
const withId = (id: string) => ({ "x-openstack-request-id": id });

/** Lines of that level or levels, such as `ERROR|WARNING`. */
const ofLevel = (lines: string[], levels: string) =>
  lines.filter((line) => new RegExp(`^\\S+ \\S+ \\d+ (${levels}) `).test(line));

/** Lets every creation of an image fail. */
function failCreations({ deps }: TestService, error: () => Error): void {
  const fails = () => Promise.reject(error());
  deps.db.write.images.create = fails;
}

const create = (service: TestService, id: string, path = "/v2/images") =>
  service.ask(path, OWNER, { method: "POST", headers: withId(id), body: {} });

Deno.test("every line of a request has its id, user and project, also of what is far from HTTP", async () => {
  await using service = await startService();
  const ids = await Promise.all(["req-a", "req-b", "req-c"].map(async (request) => {
    const { id } = await service.create(OWNER, BARE);
    await service.upload(id, OWNER, "data");
    await Deno.remove(`${service.dir}/images/${id}`);
    return [request, id] as const;
  }));
  using log = captureLog();
  await Promise.all(ids.map(async ([request, id]) => {
    const who = { ...OWNER, user: `user-of-${request}` };
    const answer = await service.ask(`/v2/images/${id}/file?secret=1`, who, { headers: withId(request) });
    await answer.body?.cancel();
  }));
  const lines = log.lines();
  for (const [request, id] of ids) {
    const own = ofLevel(lines, "WARNING|ERROR").filter((line) => line.includes(`of image ${id}`));
    assert.notEqual(own.length, 0, lines.join("\n"));
    for (const line of own) {
      assert.ok(line.includes(` [None ${request} user-of-${request} p1 - - - -] `), line);
      assert.ok(line.endsWith(` (GET /v2/images/${id}/file)`), line);
    }
  }
  assert.ok(lines.every((line) => / \[None req-[abc] /.test(line)), lines.join("\n"));
});

Deno.test("a task's lines are about who asked for it, after the request was answered too", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const put = await service.ask(`/v2/images/${id}/stage`, OWNER, {
    method: "PUT",
    headers: OCTETS,
    body: "data",
  });
  assert.equal(put.status, 204);
  service.deps.stores.default.open = () => Promise.reject(new Deno.errors.NotFound("the disk has gone"));
  using log = captureLog();
  const begun = await service.ask(`/v2/images/${id}/import`, OWNER, {
    method: "POST",
    headers: withId("req-import"),
    body: { method: { name: "glance-direct" } },
  });
  assert.equal(begun.status, 202);
  await service.deps.background.settled();
  const [task] = (await (await service.ask(`/v2/images/${id}/tasks`, ADMIN)).json()).tasks;
  const lines = ofLevel(log.lines(), "ERROR");
  assert.notEqual(lines.length, 0);
  for (const line of lines) {
    assert.ok(line.includes(" [None req-import user p1 - - - -] "), line);
    assert.ok(line.endsWith(` (task ${task.id})`), line);
  }
});

Deno.test("a full disk of the database: one line for all requests, and their number", async () => {
  await using service = await startService();
  failCreations(service, () => {
    const full = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    return toGlanceError(full);
  });
  using log = captureLog();
  for (let i = 0; i < 30; i++) assert.equal((await create(service, `req-${i}`)).status, 503);
  const [line, number, ...more] = ofLevel(log.lines(), "ERROR");
  assert.match(
    line!,
    / \[None req-0 user p1 .*answered 503: There is no space left for the database\.: database or disk is full \(POST \/v2\/images\)$/,
  );
  assert.match(
    number!,
    / \[None req-29 user p1 .* 29 more like this within 60 s, the last of them: answered 503/,
  );
  assert.deepEqual(more, []);
});

Deno.test("a bug: its stack, once for all requests that meet it", async () => {
  await using service = await startService();
  let count = 0;
  failCreations(service, () => new TypeError(`undefined is not a function ${count++}`));
  using log = captureLog();
  for (let i = 0; i < 30; i++) assert.equal((await create(service, `req-${i}`)).status, 500);
  const lines = ofLevel(log.lines(), "ERROR");
  assert.match(lines[0]!, / \[None req-0 user p1 .*answered 500: .* \(POST \/v2\/images\)$/);
  assert.match(lines[1]!, /ERROR oneglance\.http TypeError: undefined is not a function 0$/);
  assert.ok(lines.some((line) => line.includes("log_lines.test.ts")), "the stack");
  assert.equal(lines.filter((line) => line.includes(" TypeError: ")).length, 1);
  assert.match(lines.at(-1)!, / 29 more like this .*undefined is not a function 29/);
});

Deno.test("debug: the stack of expected failures as well", async () => {
  await using service = await startService();
  failCreations(service, () => toGlanceError(Object.assign(new Error("full"), { code: "SQLITE_FULL" })));
  using log = captureLog({ "DEFAULT.debug": "true" });
  await create(service, "req-1");
  assert.ok(ofLevel(log.lines(), "ERROR").some((line) => / ERROR oneglance\.http +at /.test(line)));
});

for (const what of ["file", "stage"]) {
  Deno.test(`a client that breaks off PUT …/${what}: a warning and status 499, no error`, async () => {
    await using service = await startService();
    using log = captureLog();
    const { id } = await service.create(OWNER, BARE);
    const body = fedBody();
    const sending = service.ask(`/v2/images/${id}/${what}`, OWNER, {
      method: "PUT",
      headers: { ...OCTETS, ...withId("req-left") },
      body: body.stream,
    });
    await body.give("01234");
    body.leave();
    await (await sending).text();
    const lines = log.lines();
    assert.deepEqual(ofLevel(lines, "ERROR"), []);
    const warnings = ofLevel(lines, "WARNING");
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.match(warnings[0]!, / \[None req-left user p1 .* The data ended early: .* \(PUT \/v2\/images\//);
    assert.ok(lines.some((line) => line.includes(`/${what} HTTP/1.1" status: 499 `)), lines.join("\n"));
  });
}

Deno.test("a client that breaks off a JSON body: a warning and status 499", async () => {
  await using service = await startService();
  using log = captureLog();
  const body = fedBody();
  const sending = service.ask("/v2/images", OWNER, { method: "POST", body: body.stream });
  await body.give('{"name":');
  body.leave();
  assert.equal((await sending).status, 499);
  const lines = log.lines();
  assert.deepEqual([ofLevel(lines, "ERROR").length, ofLevel(lines, "WARNING").length], [0, 1]);
});

Deno.test("a download that breaks off: 499 when its client left, an ERROR and 500 when its store did", async () => {
  await using service = await startService();
  const app = buildApp(service.deps);
  const { id } = await service.create(OWNER, BARE);
  await service.upload(id, OWNER, "data");
  const headers = {
    "x-identity-status": "Confirmed",
    "x-roles": "member,reader",
    "x-project-id": "p1",
    ...withId("req-9"),
  };
  const sentTo = async (write: () => Promise<number>, broken: boolean): Promise<string[]> => {
    using log = captureLog();
    const { promise: completed, resolve, reject } = Promise.withResolvers<void>();
    const request = new Request(`http://localhost/v2/images/${id}/file`, { headers });
    let answer = await app.fetch(request, { peer: "127.0.0.1", completed });
    if (broken) {
      await answer.body?.cancel();
      const stream = new ReadableStream({
        pull: (controller) => controller.error(new Deno.errors.NotFound("gone")),
      });
      answer = new Response(stream, answer);
    }
    await writeResponse({ write }, answer, { method: "GET", minor: 1, keepAlive: true }).then(
      () => resolve(),
      reject,
    );
    await completed.catch(() => {});
    return log.lines();
  };
  const left = await sentTo(() => Promise.reject(new Deno.errors.BrokenPipe("x")), false);
  assert.deepEqual([left.length, left[0]!.includes(" status: 499 ")], [1, true], left.join("\n"));
  const [error, line] = await sentTo(() => Promise.resolve(1 << 20), true);
  assert.match(
    error!,
    / ERROR .*\[None req-9 .*The data of the response ended early\.: gone \(GET \/v2\/images/,
  );
  assert.match(line!, / status: 500 /);
});

Deno.test("who has no token cannot fill the log: lines are short whatever is sent", async () => {
  await using service = await startService({ "oslo_middleware.enable_proxy_headers_parsing": "true" });
  using log = captureLog();
  const long = "x".repeat(30_000);
  const masked = `/v2/images?://${"?key".repeat(8000)}`;
  const asked: [string, string, Record<string, string>][] = [
    ["GET", `/v2/images/${long}`, {}],
    ["GET", `/${long}`, {}],
    ["GET", masked, {}],
    ["GET", `/v2/images?a=${"%0a".repeat(9000)}`, {}],
    ["GET", "/v2/images", { "x-forwarded-for": long }],
    ["GET", "/v2/images", { "x-auth-token": long, accept: long }],
    ["GET", "/v2/images", withId(long)],
    [long, "/v2/images", {}],
  ];
  for (const [method, path, headers] of asked) {
    const answer = await service.ask(path, null, { method, headers });
    await answer.body?.cancel();
  }
  const lines = log.lines();
  assert.equal(lines.length, asked.length, "a line each");
  for (const line of lines) assert.ok(line.length < 2500, `${line.length}: ${line.slice(0, 200)}`);
});

Deno.test("the access log knows the length of every answer", async () => {
  await using service = await startService();
  using log = captureLog();
  for (const path of ["/", "/versions", "/v1/images", "/openapi.json", "/v2/none", "/v2/images"]) {
    const text = await (await service.ask(path, OWNER)).text();
    const line = log.lines().at(-1)!;
    assert.ok(line.includes(` len: ${new TextEncoder().encode(text).length} time`), `${path}: ${line}`);
  }
  await service.ask("/versions", OWNER, { method: "HEAD" });
  assert.match(log.lines().at(-1)!, / len: 0 time/);
});
