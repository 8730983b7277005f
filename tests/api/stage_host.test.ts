/** Requests that are forwarded to the worker with the staged data, here a fake one (docs/reference/images-api.md §2.8.5). */
import assert from "node:assert/strict";
import { FORWARDED } from "../../src/images/peer.ts";
import { FORMATS, postImport, serveSite, staged } from "../support/imports.ts";
import { ADMIN, OWNER, SERVICE, startService, type TestService, type Who } from "../support/service.ts";

const ME = "http://me.example:9292";
const WORKER = { "DEFAULT.worker_self_reference_url": ME };
const BODY = { method: { name: "glance-direct" } };

interface Asked {
  method: string;
  path: string;
  headers: Headers;
  body: string;
}

/** A worker that answers everything with one response, and what it was asked. */
function peer(answer: () => Response) {
  const asked: Asked[] = [];
  const site = serveSite(async (request) => {
    const { method, headers } = request;
    asked.push({ method, path: new URL(request.url).pathname, headers, body: await request.text() });
    return answer();
  });
  return { ...site, asked, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

/** An image whose staged data is at `host`. */
async function stagedAt(service: TestService, host: string, more = {}): Promise<string> {
  const { id } = await service.create(OWNER, { ...FORMATS, ...more });
  const lease = { token: id, owner: "x", store_id: null, seconds: 1_000_000_000 };
  const { write } = service.deps.db;
  await write.images.transition({ id, from: ["queued"], to: "uploading", beginUpload: lease, limit: null });
  await write.images.transition({
    id,
    from: ["uploading"],
    to: "same",
    columns: { size: 4 },
    setProperties: { os_glance_stage_host: host },
    endUpload: id,
    limit: null,
  });
  return id;
}

const del = (service: TestService, id: string, who: Who = OWNER, headers = {}) =>
  service.ask(`/v2/images/${id}`, who, { method: "DELETE", headers });

Deno.test("the peer gets the path, the body, the token and the service token; its request id comes back", async () => {
  await using service = await startService(WORKER);
  await using other = peer(() =>
    new Response(null, { status: 202, headers: { "x-openstack-request-id": "req-theirs" } })
  );
  const id = await stagedAt(service, `${other.url}/glance/`);
  const who = { ...OWNER, headers: { "x-auth-token": "secret", "x-service-token": "service-secret" } };
  const body = { ...BODY, all_stores_must_succeed: true, unknown: [1] };
  const response = await postImport(service, id, body, who, { "x-image-meta-store": "fast" });
  assert.deepEqual([response.status, await response.text()], [202, ""]);
  assert.equal(response.headers.get("x-openstack-request-id"), "req-theirs");
  const [{ method, path, headers, body: sent }] = other.asked as [Asked];
  assert.deepEqual([method, path], ["POST", `/glance/v2/images/${id}/import`]);
  assert.deepEqual(JSON.parse(sent), body);
  const passed = ["x-auth-token", "x-service-token", "x-image-meta-store", FORWARDED, "x-roles"];
  assert.deepEqual(passed.map((name) => headers.get(name)), [
    "secret",
    "service-secret",
    "fast",
    "1",
    null,
  ]);
  assert.deepEqual(await service.deps.db.read.tasks.leases({}), [], "no task here");
});

Deno.test("without a token the peer gets the caller's identity in the trusted headers", async () => {
  await using service = await startService(WORKER);
  await using other = peer(() => new Response(null, { status: 204 }));
  const id = await stagedAt(service, other.url);
  assert.equal((await del(service, id)).status, 204);
  const { headers } = other.asked[0]!;
  assert.deepEqual(
    ["x-identity-status", "x-project-id", "x-roles", "x-auth-token"].map((name) => headers.get(name)),
    ["Confirmed", "p1", "member,reader", null],
  );
});

Deno.test("an import gets the peer's status, with an empty explanation", async (t) => {
  await using service = await startService(WORKER);
  let status = 0;
  await using other = peer(() =>
    new Response("their text", { status, headers: { location: "http://else" } })
  );
  const id = await stagedAt(service, other.url);
  const rows: [number, number][] = [
    [400, 400],
    [403, 403],
    [404, 404],
    [409, 409],
    [413, 413],
    [500, 500],
    [503, 503],
    [301, 502],
    [418, 502],
  ];
  for (const [theirs, ours] of rows) {
    await t.step(`${theirs}: ${ours}`, async () => {
      status = theirs;
      other.asked.length = 0;
      const response = await postImport(service, id, BODY);
      assert.equal(response.status, ours);
      assert.equal((await response.json()).message.replaceAll(/<br \/>|\s/g, ""), "");
      assert.equal(other.asked.length, 1, "asked once, nothing followed");
    });
  }
});

Deno.test("a deletion gets the peer's status; one that is away or behind a dead gateway is not waited for", async (t) => {
  await using service = await startService(WORKER);
  let status = 0;
  await using other = peer(() => new Response(null, { status }));
  for (const property of ["os_glance_stage_host", "os_glance_hash_op_host"]) {
    for (const [theirs, ours, here] of [[409, 409, 200], [404, 404, 200], [502, 204, 404], [504, 204, 404]]) {
      await t.step(`${property}, ${theirs}`, async () => {
        status = theirs!;
        const id = await stagedAt(service, other.url);
        await service.deps.db.write.images.change({
          id,
          removeProperties: ["os_glance_stage_host"],
        });
        await service.deps.db.write.images.change({ id, setProperties: { [property]: other.url } });
        assert.equal((await del(service, id)).status, ours);
        assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, here);
      });
    }
  }
});

Deno.test("a peer that cannot be asked: import 504 or 502, deletion goes on", async (t) => {
  await using service = await startService(WORKER);
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closed.close();
  const { port } = closed.addr as Deno.NetAddr;
  const rows: [string, number][] = [[`http://127.0.0.1:${port}`, 504], ["no url", 502], [
    "file:///etc/passwd",
    502,
  ]];
  for (const [host, status] of rows) {
    await t.step(host, async () => {
      const id = await stagedAt(service, host);
      const response = await postImport(service, id, BODY);
      assert.equal(response.status, status);
      assert.match((await response.json()).message, /Stage host is unavailable/);
      assert.equal((await del(service, id)).status, 204);
      assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, 404);
    });
  }
});

Deno.test("a request that was sent on is not sent on again", async () => {
  await using service = await startService(WORKER);
  await using other = peer(() => new Response(null, { status: 202 }));
  const id = await stagedAt(service, other.url);
  const headers = { [FORWARDED]: "1" };
  const response = await postImport(service, id, BODY, OWNER, headers);
  assert.equal(response.status, 502);
  assert.equal((await del(service, id, OWNER, headers)).status, 204);
  assert.deepEqual(other.asked, []);
});

Deno.test("one that was sent on and finds the data here is done here: two URLs of one worker", async () => {
  await using service = await startService(WORKER);
  const id = await staged(service, "data");
  const setProperties = { os_glance_stage_host: "http://127.0.0.1:1" };
  await service.deps.db.write.images.change({ id, setProperties });
  assert.equal((await postImport(service, id, BODY, OWNER, { [FORWARDED]: "1" })).status, 202);
  await service.deps.background.settled();
  assert.equal((await (await service.ask(`/v2/images/${id}`, OWNER)).json()).status, "active");
});

Deno.test("what was staged here is imported here, and nobody else is asked about other things", async () => {
  await using service = await startService(WORKER);
  const id = await staged(service, "data");
  assert.equal((await postImport(service, id, BODY)).status, 202);
  await service.deps.background.settled();
  assert.equal((await (await service.ask(`/v2/images/${id}`, OWNER)).json()).status, "active");
});

Deno.test("who may not import or delete does not reach the peer; nobody can name one", async () => {
  await using service = await startService(WORKER);
  await using other = peer(() => new Response(null, { status: 204 }));
  const id = await stagedAt(service, other.url, { visibility: "shared" });
  const stranger: Who = { roles: "member,reader", project: "p9" };
  assert.equal((await postImport(service, id, BODY, stranger)).status, 404);
  assert.equal((await del(service, id, stranger)).status, 404);
  assert.deepEqual(other.asked, []);
  for (const who of [OWNER, ADMIN, SERVICE]) {
    const body = { ...FORMATS, os_glance_stage_host: other.url };
    assert.equal((await service.ask("/v2/images", who, { method: "POST", body })).status, 403);
    const operations = [{ op: "add", path: "/os_glance_stage_host", value: other.url }];
    assert.equal((await service.patch(id, who, operations)).status, 403);
  }
  assert.ok(!JSON.stringify(await (await service.ask(`/v2/images/${id}`, ADMIN)).json()).includes(other.url));
});
