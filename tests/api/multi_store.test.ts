/** Several stores: where data goes, where it is read from (docs/reference/images-api.md §2.6, §3.8; docs/reference/stores.md §1.3, §10). */
import assert from "node:assert/strict";
import { GlanceError } from "../../src/errors.ts";
import { ageLocation, giveLocation } from "../support/give_location.ts";
import { queued } from "../support/images.ts";
import { serveData } from "../support/locations.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";
import { shown } from "../support/stored.ts";

const BARE = { disk_format: "raw", container_format: "bare" };
const OCTETS = { "content-type": "application/octet-stream" };
const STORES = {
  "DEFAULT.enabled_backends": "fast:file,slow:file,web:http",
  "glance_store.default_backend": "fast",
  "fast.filesystem_store_datadir": "{dir}/fast",
  "slow.filesystem_store_datadir": "{dir}/slow",
};

const to = (store: string) => ({ ...OCTETS, "x-image-meta-store": store });

/** Names of the stores' files. */
const files = (service: TestService) => ({
  fast: filesIn(`${service.dir}/fast`),
  slow: filesIn(`${service.dir}/slow`),
});

async function locationsOf(service: TestService, id: string) {
  const image = await service.deps.db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } });
  return image!.locations;
}

Deno.test("the store of an upload", async (t) => {
  await using service = await startService(STORES);
  const stores = (name: string, headers: Record<string, string>, store: "fast" | "slow"): Row => ({
    name,
    given: queued(BARE),
    ask: "PUT /v2/images/{id}/file",
    headers,
    body: "data",
    status: 204,
    then: async (service, { id }) => {
      const found = files(service);
      assert.deepEqual([found.fast.includes(id!), found.slow.includes(id!)], [
        store === "fast",
        store === "slow",
      ]);
      assert.equal((await shown(service, id!)).stores, store);
      const [location, ...more] = await locationsOf(service, id!);
      assert.deepEqual(more, []);
      assert.equal(location!.url, `file://${service.dir}/${store}/${id}`);
      assert.deepEqual(location!.metadata, { store });
    },
  });
  const refuses = (name: string, store: string, row: Partial<Row> = {}): Row => ({
    name,
    given: queued(BARE),
    ask: "PUT /v2/images/{id}/file",
    headers: to(store),
    body: "data",
    status: 400,
    has: `Unknown scheme '${store}' found in URI`,
    ...row,
  });
  await runTable(t, service, [
    stores("none named: the default", OCTETS, "fast"),
    stores("the default by name", to("fast"), "fast"),
    stores("another", to("slow"), "slow"),
    refuses("unknown", "nowhere"),
    refuses("empty", ""),
    refuses("in other letters", "Slow"),
    refuses("the staging store", "os_glance_staging_store"),
    refuses("the tasks store", "os_glance_tasks_store"),
    refuses("unknown, and no such image: refused before the look-up", "nowhere", {
      given: () => Promise.resolve({ id: "none" }),
    }),
    refuses("unknown, and the image is not queued", "nowhere", {
      given: async (service) => {
        const { id } = await service.create(OWNER, BARE);
        await service.upload(id, OWNER, "data");
        return { id };
      },
    }),
    refuses("a store that takes nothing", "web", {
      status: 410,
      has: "Error in store configuration. Adding images to store is disabled.",
      mayChange: true,
      then: async (service, { id }) => assert.equal((await shown(service, id!)).status, "queued"),
    }),
  ]);
});

Deno.test("the headers of create about stores, and the location in bodies", async (t) => {
  await using service = await startService({
    ...STORES,
    "DEFAULT.show_multiple_locations": "true",
    "DEFAULT.show_image_direct_url": "true",
  });
  await t.step("the header names all, the read-only too", async () => {
    const response = await service.ask("/v2/images", OWNER, { method: "POST", body: BARE });
    await response.body?.cancel();
    assert.equal(response.headers.get("openstack-image-store-ids"), "fast,slow,web");
  });
  await t.step("locations, direct_url and stores", async () => {
    const { id } = await service.create(OWNER, BARE);
    assert.deepEqual((await shown(service, id)).locations, []);
    assert.ok(!("stores" in await shown(service, id)));
    await service.upload(id, OWNER, "data");
    const { locations, direct_url, stores } = await shown(service, id);
    const url = `file://${service.dir}/fast/${id}`;
    assert.deepEqual([locations, direct_url, stores], [[{ url, metadata: { store: "fast" } }], url, "fast"]);
  });
});

/** An image with a different copy in each of the two stores. */
async function copies(service: TestService): Promise<Given> {
  const { id } = await service.create(OWNER, BARE);
  await service.upload(id, OWNER, "fast");
  await Deno.writeTextFile(`${service.dir}/slow/${id}`, "slow");
  await giveLocation(service.deps.db, {
    id,
    url: `file://${service.dir}/slow/${id}`,
    metadata: { store: "slow" },
  });
  return { id };
}

const reads = (name: string, text: string, row: Partial<Row> = {}): Row => ({
  name,
  ask: "GET /v2/images/{id}/file",
  status: 200,
  text,
  ...row,
});

Deno.test("which copy is read", async (t) => {
  await using service = await startService(STORES);
  const prefer = (query: string) => ({ ask: `GET /v2/images/{id}/file?prefer=${query}` });
  const gone = (store: string) => async (service: TestService) => {
    const given = await copies(service);
    await Deno.remove(`${service.dir}/${store}/${given.id}`);
    return given;
  };
  const refuses = (query: string): Row => ({
    name: `prefer=${query}`,
    ...prefer(query),
    status: 400,
  });
  await runTable(t, service, [
    reads("the first", "fast"),
    reads("the preferred", "slow", prefer("slow")),
    reads("the first of those preferred, in the order of the image", "fast", prefer("slow,fast")),
    reads("blanks are nothing", "slow", prefer("%20slow%20,")),
    reads("a preferred store that has none is no error", "fast", prefer("web")),
    reads("the next when the first is gone", "slow", { given: gone("fast") }),
    reads("the next when the first was cut off", "slow", {
      given: async (service) => {
        const given = await copies(service);
        await Deno.truncate(`${service.dir}/fast/${given.id}`, 2);
        return given;
      },
    }),
    reads("the preferred, whose location does not name it yet", "slow", {
      ...prefer("slow"),
      given: async (service) => {
        const given = await copies(service);
        await ageLocation(service.deps.db, { id: given.id!, store: "slow", metadata: {} });
        return given;
      },
    }),
    reads("the first when the preferred is gone", "fast", { given: gone("slow"), ...prefer("slow") }),
    reads("a range of the preferred", "lo", {
      ...prefer("slow"),
      headers: { range: "bytes=1-2" },
      status: 206,
      gives: { "content-range": "bytes 1-2/4" },
    }),
    reads("both gone: nothing", "", {
      status: 204,
      given: async (service) => {
        const given = await gone("fast")(service);
        await Deno.remove(`${service.dir}/slow/${given.id}`);
        return given;
      },
    }),
    refuses("nowhere"),
    refuses("fast,nowhere"),
    refuses("os_glance_staging_store"),
  ], await copies(service));
});

Deno.test("prefer needs download_from_store", async (t) => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/policy.yaml`, '"download_from_store": "role:admin"\n');
  try {
    await using service = await startService({ ...STORES, "oslo_policy.policy_file": `${dir}/policy.yaml` });
    const ask = "GET /v2/images/{id}/file?prefer=slow";
    await runTable(t, service, [
      reads("an administrator", "slow", { who: ADMIN, ask }),
      { name: "others: 403, also for a store that is not there", ask: `${ask},nowhere`, status: 403 },
      reads("without prefer nobody asks", "fast"),
      reads("an empty prefer is none", "fast", { ask: "GET /v2/images/{id}/file?prefer=" }),
    ], await copies(service));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("weight: the heaviest is read first, and shown first", async () => {
  await using service = await startService({ ...STORES, "slow.weight": "10", "fast.weight": "5" });
  const { id } = await copies(service) as { id: string };
  assert.equal((await shown(service, id)).stores, "slow,fast");
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "slow");
  // It says nothing about where data goes.
  const other = await service.create(OWNER, BARE);
  await service.upload(other.id, OWNER, "data");
  assert.ok(files(service).fast.includes(other.id));
});

Deno.test("an image whose only store is not configured any more", async (t) => {
  await using service = await startService(STORES);
  const make = async () => {
    const { id } = await service.create(OWNER, BARE);
    await service.deps.db.write.images.change({
      id,
      columns: { size: 4 },
      locations: {
        from: ["queued"],
        activate: true,
        add: [{ url: "rbd://a/b/c/d", metadata: { store: "ceph" } }],
        drop: [],
        metadata: [],
      },
    });
    return { id };
  };
  await runTable(t, service, [
    {
      name: "is shown with it",
      given: make,
      ask: "GET /v2/images/{id}",
      status: 200,
      json: { stores: "ceph" },
    },
    { name: "cannot be read", given: make, ask: "GET /v2/images/{id}/file", status: 500 },
    { name: "can be deleted", given: make, ask: "DELETE /v2/images/{id}", status: 204 },
  ]);
});

Deno.test("delete takes all copies, and stays when one is in use", async () => {
  await using service = await startService(STORES);
  const { id } = await copies(service) as { id: string };
  const slow = service.deps.stores.byId("slow")!;
  const real = slow.delete.bind(slow);
  slow.delete = () => Promise.reject(new GlanceError("store_in_use"));
  const refused = await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
  await refused.body?.cancel();
  assert.equal(refused.status, 409);
  assert.equal((await shown(service, id)).status, "active");
  slow.delete = real;
  assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
  assert.deepEqual(files(service), { fast: [], slow: [] });
});

Deno.test("data on web servers", async (t) => {
  const web = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/gone") return new Response("no", { status: 404 });
    if (pathname === "/broken") return new Response("no", { status: 500 });
    const range = request.headers.get("range");
    const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
    const data = "0123456789";
    if (pathname === "/plain" || !match) return new Response(data, { headers: { "content-length": "10" } });
    const [first, last] = [Number(match[1]), match[2] === "" ? 9 : Number(match[2])];
    const part = data.slice(first, last + 1);
    const headers = { "content-range": `bytes ${first}-${last}/10`, "content-length": `${part.length}` };
    return new Response(part, { status: 206, headers });
  });
  const closed = Deno.listen({ hostname: "127.0.0.1" });
  const nobody = closed.addr.port;
  closed.close();
  await using service = await startService(STORES);
  const at = (path: string, port = web.addr.port) => async (service: TestService) => {
    const { id } = await service.create(OWNER, BARE);
    const url = `http://127.0.0.1:${port}${path}`;
    const add = [{ url, metadata: { store: "web" } }];
    const columns = { size: 10 };
    const locations = { from: ["queued" as const], activate: true, add, drop: [], metadata: [] };
    await service.deps.db.write.images.change({ id, columns, locations });
    return { id };
  };
  const range = { range: "bytes=2-4" };
  await runTable(
    t,
    service,
    [
      reads("whole", "0123456789", {
        given: at("/image"),
        gives: { "content-length": "10", "content-md5": null },
      }),
      reads("a range", "234", {
        given: at("/image"),
        headers: range,
        status: 206,
        gives: { "content-length": "3" },
      }),
      {
        name: "a range from a server that knows none",
        given: at("/plain"),
        ask: "GET /v2/images/{id}/file",
        headers: range,
        status: 400,
      },
      reads("the server does not have it", "", { given: at("/gone"), status: 204 }),
      { name: "the server fails", given: at("/broken"), ask: "GET /v2/images/{id}/file", status: 500 },
      { name: "no server", given: at("/image", nobody), ask: "GET /v2/images/{id}/file", status: 503 },
      {
        name: "no server, deleted all the same",
        given: at("/image", nobody),
        ask: "DELETE /v2/images/{id}",
        status: 204,
      },
    ],
  );
  await web.shutdown();
});

Deno.test("a location is the same location when its store has been named meanwhile", async () => {
  await using web = serveData();
  await using service = await startService({
    ...STORES,
    "DEFAULT.show_multiple_locations": "true",
    "oneglance.outbound_allowed_networks": "127.0.0.0/8",
  });
  const { id } = await service.create(OWNER, BARE);
  const url = `${web.url}/data`;
  const add = async (metadata: Record<string, string>) => {
    const answer = await service.patch(id, OWNER, [{
      op: "add",
      path: "/locations/-",
      value: { url, metadata },
    }]);
    return [answer.status, await answer.text()] as const;
  };
  assert.equal((await add({}))[0], 200);
  assert.deepEqual((await shown(service, id)).locations, [{ url, metadata: { store: "web" } }]);
  for (const metadata of [{}, { store: "web" }, { backend: "web" }] as Record<string, string>[]) {
    const [status, text] = await add(metadata);
    assert.equal(status, 400, JSON.stringify(metadata));
    assert.ok(text.includes(`The location ${url} already exists`), text);
  }
  assert.equal((await add({ mark: "x" }))[0], 200);
  assert.equal((await shown(service, id)).stores, "web,web");
});

Deno.test("a location is of the store that serves its URL, whatever store its metadata names", async (t) => {
  await using web = serveData();
  await using service = await startService({
    ...STORES,
    "DEFAULT.show_multiple_locations": "true",
    "DEFAULT.enabled_backends": "fast:file,slow:file,web:http,web2:http",
    "oneglance.outbound_allowed_networks": "127.0.0.0/8",
  });
  const url = `${web.url}/data`;
  const rows: [name: string, metadata: Record<string, unknown>, store: string][] = [
    ["a store that is not configured", { store: "nope" }, "web"],
    ["the same by the older name", { backend: "nope" }, "web"],
    ["a store of another scheme", { store: "fast" }, "web"],
    ["the staging area", { store: "os_glance_staging_store" }, "web"],
    ["no text", { store: ["web2"] }, "web"],
    ["none", {}, "web"],
    ["one of two that serve it", { store: "web2" }, "web2"],
    ["the same by the older name", { backend: "web2" }, "web2"],
  ];
  const saved = async (id: string) =>
    (await locationsOf(service, id)).map(({ url, metadata }) => ({ url, metadata }));
  for (const [name, metadata, store] of rows) {
    for (const op of ["add", "replace"] as const) {
      await t.step(`${op}: ${name}`, async () => {
        const { id } = await service.create(OWNER, BARE);
        const value = { url, metadata: { ...metadata, mark: "x" } };
        const change = op === "add"
          ? { op, path: "/locations/-", value }
          : { op, path: "/locations", value: [value] };
        const answer = await service.patch(id, OWNER, [change]);
        const image = await answer.json();
        const wanted = [{ url, metadata: { mark: "x", store } }];
        assert.deepEqual([answer.status, image.locations, image.stores], [200, wanted, store]);
        assert.deepEqual(await saved(id), wanted);
        // Later the metadata alone is replaced.
        const again = { op: "replace", path: "/locations", value: [{ url, metadata }] };
        assert.equal((await service.patch(id, OWNER, [again])).status, 200);
        assert.deepEqual(await saved(id), [{ url, metadata: { store } }]);
      });
    }
  }
});
