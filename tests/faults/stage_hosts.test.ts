/** Two workers on one database, each with its own staging area (docs/reference/images-api.md §2.8.5). */
import assert from "node:assert/strict";
import { keystoneOptions } from "../support/auth.ts";
import { type FakeKeystone, fakeKeystone } from "../support/fake_keystone.ts";
import { filesIn, noise, serve, type Served, until } from "../support/served.ts";

interface Workers extends AsyncDisposable {
  dir: string;
  a: Served;
  b: Served;
  ask(worker: Served, method: string, path: string, body?: BodyInit, type?: string): Promise<Response>;
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

async function twoWorkers(keystone: FakeKeystone): Promise<Workers> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-workers-" });
  keystone.tokens.set("owner", { user: "demo", project: "demo", roles: ["member", "reader"] });
  const login = Object.entries(keystoneOptions(keystone.url)).map(([key, text]) => {
    const [group, name] = key.split(".") as [string, string];
    return [`OS_${group.toUpperCase()}__${name.toUpperCase()}`, text];
  });
  const start = (name: string) => {
    const port = freePort();
    return serve(`${dir}/${name}`, {
      OS_DATABASE__CONNECTION: `sqlite:///${dir}/glance.sqlite`,
      OS_GLANCE_STORE__FILESYSTEM_STORE_DATADIR: `${dir}/images`,
      OS_DEFAULT__WORKER_SELF_REFERENCE_URL: `http://127.0.0.1:${port}`,
      OS_PASTE_DEPLOY__FLAVOR: "keystone",
      ...Object.fromEntries(login),
    }, { port });
  };
  const a = await start("a");
  const b = await start("b");
  return {
    dir,
    a,
    b,
    ask: (worker, method, path, body, type) =>
      fetch(`${worker.url}/v2/images${path}`, {
        method,
        headers: { "x-auth-token": "owner", ...(type ? { "content-type": type } : {}) },
        ...(body === undefined ? {} : { body }),
      }),
    async [Symbol.asyncDispose]() {
      await a.crash();
      await b.crash();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Creates an image that is staged on worker a. */
async function stagedOnA({ a, ask, dir }: Workers, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const created = await ask(a, "POST", "", JSON.stringify({ disk_format: "raw", container_format: "bare" }));
  assert.equal(created.status, 201);
  const { id } = await created.json();
  const staged = await ask(a, "PUT", `/${id}/stage`, bytes, "application/octet-stream");
  assert.equal(staged.status, 204, await staged.text());
  assert.deepEqual(filesIn(`${dir}/a/staging`), [id]);
  return id;
}

const GLANCE_DIRECT = JSON.stringify({ method: { name: "glance-direct" } });

Deno.test("data staged on one worker is imported and deleted through the other", async (t) => {
  await using keystone = fakeKeystone();
  await using workers = await twoWorkers(keystone);
  const { a, b, ask, dir } = workers;
  const bytes = noise(1 << 20);

  await t.step("import: the data is found, the id of the request is the task's", async () => {
    const id = await stagedOnA(workers, bytes);
    const response = await ask(b, "POST", `/${id}/import`, GLANCE_DIRECT, "application/json");
    assert.equal(response.status, 202, await response.text());
    const requestId = response.headers.get("x-openstack-request-id");
    await until(
      "it is active",
      async () => (await (await ask(b, "GET", `/${id}`)).json()).status === "active",
    );
    const data = new Uint8Array(await (await ask(b, "GET", `/${id}/file`)).arrayBuffer());
    assert.deepEqual(data, bytes);
    await until("the staged data is gone", () => filesIn(`${dir}/a/staging`).length === 0);
    const { tasks } = await (await ask(b, "GET", `/${id}/tasks`)).json();
    assert.deepEqual(tasks.map((task: { request_id: string }) => task.request_id), [requestId]);
    await until("the other worker has logged it", () => a.log().includes(`POST /v2/images/${id}/import`));
  });

  await t.step("a protected image: no request to the other worker, its data stays", async () => {
    const id = await stagedOnA(workers, bytes);
    const patch = JSON.stringify([{ op: "replace", path: "/protected", value: true }]);
    const type = "application/openstack-images-v2.1-json-patch";
    assert.equal((await ask(b, "PATCH", `/${id}`, patch, type)).status, 200);
    assert.equal((await ask(b, "DELETE", `/${id}`)).status, 403);
    assert.deepEqual(filesIn(`${dir}/a/staging`), [id]);
    await Deno.remove(`${dir}/a/staging/${id}`);
  });

  await t.step("deletion", async () => {
    const id = await stagedOnA(workers, bytes);
    const response = await ask(b, "DELETE", `/${id}`);
    assert.equal(response.status, 204, await response.text());
    assert.deepEqual(filesIn(`${dir}/a/staging`), []);
    await until("the other worker has logged it", () => a.log().includes(`DELETE /v2/images/${id}`));
    assert.equal((await ask(b, "GET", `/${id}`)).status, 404);
  });

  await t.step("the worker is away: import 504, deletion goes on here", async () => {
    const id = await stagedOnA(workers, bytes);
    await a.crash();
    const response = await ask(b, "POST", `/${id}/import`, GLANCE_DIRECT, "application/json");
    assert.equal(response.status, 504);
    assert.match(await response.text(), /Stage host is unavailable/);
    assert.equal((await (await ask(b, "GET", `/${id}`)).json()).status, "uploading");
    assert.equal((await ask(b, "DELETE", `/${id}`)).status, 204);
    assert.equal((await ask(b, "GET", `/${id}`)).status, 404);
  });
});
