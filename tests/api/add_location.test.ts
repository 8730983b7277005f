/** POST /v2/images/{id}/locations: algorithms, several stores, and what happens meanwhile (docs/reference/images-api.md §2.10.2, §9.8). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { queued } from "../support/images.ts";
import { serveSite } from "../support/imports.ts";
import { deadUrl, FORMATS, serveData, WEB_DATA } from "../support/locations.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, SERVICE, startService, STRANGER, type TestService } from "../support/service.ts";
import { shown } from "../support/stored.ts";

const HTTP = { "glance_store.stores": "file,http" };
const SEVERAL = {
  "DEFAULT.enabled_backends": "fast:file,web:http",
  "glance_store.default_backend": "fast",
  "fast.filesystem_store_datadir": "{dir}/fast",
};
const hashOf = (algorithm: string) => createHash(algorithm).update(WEB_DATA).digest("hex");

async function add(service: TestService, id: string, body: unknown): Promise<void> {
  const answer = await service.ask(`/v2/images/${id}/locations`, OWNER, { method: "POST", body });
  assert.deepEqual([answer.status, await answer.text()], [202, ""]);
}

Deno.test("any of the four algorithms, whatever hashing_algorithm says", async (t) => {
  await using web = serveData();
  await using service = await startService(HTTP);
  for (const algorithm of ["sha1", "sha256", "sha512", "md5"]) {
    await t.step(algorithm, async () => {
      const { id } = await service.create(OWNER, FORMATS);
      const os_hash_value = hashOf(algorithm);
      const validation_data = { os_hash_algo: algorithm, os_hash_value };
      await add(service, id, { url: `${web.url}/data`, validation_data });
      await service.deps.background.settled();
      const image = await shown(service, id);
      assert.deepEqual([image.status, image.os_hash_algo, image.os_hash_value, image.checksum], [
        "active",
        algorithm,
        os_hash_value,
        hashOf("md5"),
      ]);
    });
  }
});

Deno.test("a wrong hash with several stores: queued, but the http location and its store stay", async () => {
  await using web = serveData();
  await using service = await startService({ ...SEVERAL, "DEFAULT.show_multiple_locations": "true" });
  const { id } = await service.create(OWNER, FORMATS);
  const url = `${web.url}/data`;
  await add(service, id, { url, validation_data: { os_hash_algo: "md5", os_hash_value: "0".repeat(32) } });
  await service.deps.background.settled();
  const image = await shown(service, id);
  assert.deepEqual(
    [image.status, image.size, image.checksum, image.os_hash_algo, image.os_hash_value],
    ["queued", null, null, null, null],
  );
  assert.deepEqual(image.locations, [{ url, metadata: { store: "web" } }]);
  assert.equal(image.stores, "web");
  const { tasks } = await (await service.ask(`/v2/images/${id}/tasks`, OWNER)).json();
  assert.deepEqual(tasks.map(({ status }: { status: string }) => status), ["failure"]);
});

/** A web server that sends the data when the test releases it. */
function heldSite() {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const site = serveSite((request) => {
    const headers = { "content-length": String(WEB_DATA.length) };
    if (request.method === "HEAD") return new Response(null, { headers });
    asked.resolve();
    const body = new ReadableStream({
      async start(controller) {
        await go.promise;
        controller.enqueue(new TextEncoder().encode(WEB_DATA));
        controller.close();
      },
    });
    return new Response(body, { headers });
  });
  return { site, asked: asked.promise, go: () => go.resolve() };
}

Deno.test("without a hash: active at once, the algorithm first, the values when they are known", async () => {
  const { site, asked, go } = heldSite();
  await using web = site;
  await using service = await startService(HTTP);
  const { id } = await service.create(OWNER, FORMATS);
  await add(service, id, { url: `${web.url}/image` });
  await asked;
  const fields = async () => {
    const { status, size, os_hash_algo, os_hash_value, checksum } = await shown(service, id);
    return [status, size, os_hash_algo, os_hash_value, checksum];
  };
  assert.deepEqual(await fields(), ["active", 10, "sha512", null, null]);
  go();
  await service.deps.background.settled();
  assert.deepEqual(await fields(), ["active", 10, "sha512", hashOf("sha512"), hashOf("md5")]);
});

for (const given of [false, true]) {
  Deno.test(`delete while the data is hashed, ${given ? "with" : "without"} a hash: 204, the job ends`, async () => {
    const { site, asked, go } = heldSite();
    await using web = site;
    await using service = await startService(HTTP);
    const { id } = await service.create(OWNER, FORMATS);
    const validation_data = given ? { os_hash_algo: "md5", os_hash_value: hashOf("md5") } : {};
    await add(service, id, { url: `${web.url}/image`, validation_data });
    await asked;
    const busy = await service.ask(`/v2/images/${id}`, OWNER);
    assert.equal((await busy.json()).status, given ? "importing" : "active");
    const gone = await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
    assert.equal(gone.status, 204, await gone.text());
    go();
    await service.deps.background.settled();
    assert.equal((await service.ask(`/v2/images/${id}`, ADMIN)).status, 404);
    assert.deepEqual(await service.deps.db.read.tasks.leases({}), []);
  });
}

const UNFIT: [why: string, answer: () => Response][] = [
  ["cannot be read", () => new Response("no", { status: 500 })],
  ["has fewer bytes than was said", () => new Response(WEB_DATA.slice(1))],
  ["has more bytes than was said", () => new Response(new Blob([WEB_DATA, "0"]).stream())],
];
for (const [why, answer] of UNFIT) {
  Deno.test(`the data ${why} when it is to be hashed`, async (t) => {
    await using web = serveSite((request) =>
      request.method === "HEAD" ? new Response(null, { headers: { "content-length": "10" } }) : answer()
    );
    await using service = await startService({ ...HTTP, "DEFAULT.http_retries": "2" });
    const md5 = createHash("md5").update(await answer().text()).digest("hex");
    await t.step("without a hash: active, nothing is known of it", async () => {
      const { id } = await service.create(OWNER, FORMATS);
      await add(service, id, { url: `${web.url}/x` });
      await service.deps.background.settled();
      const { status, os_hash_algo, os_hash_value, checksum } = await shown(service, id);
      assert.deepEqual([status, os_hash_algo, os_hash_value, checksum], ["active", null, null, null]);
    });
    await t.step("with a hash: queued", async () => {
      const { id } = await service.create(OWNER, FORMATS);
      const validation_data = { os_hash_algo: "md5", os_hash_value: md5 };
      await add(service, id, { url: `${web.url}/x`, validation_data });
      await service.deps.background.settled();
      assert.equal((await shown(service, id)).status, "queued");
    });
  });
}

const owns = { ...SERVICE, roles: "service,member,reader", project: "p1" };
const sees = { ...SERVICE, roles: "service,member,reader", project: "p2" };
const posts = (name: string, status: number, more: Partial<Row> = {}): Row => ({
  name,
  given: queued(FORMATS),
  ask: "POST /v2/images/{id}/locations",
  body: { url: "{web}/data", validation_data: {} },
  status,
  ...(status === 202 ? { then: (service) => service.deps.background.settled() } : {}),
  ...more,
});
const became = (status: string): Row["then"] => async (service, { id }) => {
  await service.deps.background.settled();
  assert.equal((await shown(service, id!)).status, status);
};

Deno.test("who may add a location, and the order of what is looked at", async (t) => {
  await using web = serveData();
  await using service = await startService(HTTP);
  await runTable(t, service, [
    posts("the owner", 202, { then: became("active")! }),
    posts("unknown members of the body are ignored", 202, {
      body: { url: "{web}/data", do_secure_hash: false },
    }),
    posts("an administrator", 202, { who: ADMIN, then: became("active")! }),
    posts("a service of the owner's project", 202, { who: owns, then: became("active")! }),
    posts("a service that only sees the image: accepted, and the task fails", 202, {
      who: sees,
      given: queued({ ...FORMATS, visibility: "community" }),
      then: became("queued")!,
    }),
    posts("a user with a service token", 202, {
      who: { ...OWNER, headers: { "x-service-roles": "service", "x-service-identity-status": "Confirmed" } },
      body: { url: "rbd://a/b/c/d" },
      then: became("queued")!,
    }),
    posts("the body before the image", 400, { ask: "POST /v2/images/none/locations", body: {} }),
    posts("the status before policy", 409, {
      who: STRANGER,
      given: async (service) => {
        const { id } = await service.create(OWNER, { ...FORMATS, visibility: "community" });
        await service.upload(id, OWNER, "x");
        return { id };
      },
    }),
    posts("a dead web server: the task fails", 202, { body: { url: "{dead}" }, then: became("queued")! }),
    posts("an empty file: the task fails", 202, { body: { url: "{web}/empty" }, then: became("queued")! }),
    ...["PUT", "DELETE", "PATCH", "HEAD"].map((method) =>
      posts("another method", 405, {
        ask: `${method} /v2/images/{id}/locations`,
        body: undefined,
        // Upstream does not name GET here.
        gives: { allow: "POST" },
      })
    ),
  ], { web: web.url, dead: deadUrl() });
});

Deno.test("without an http store users add no locations", async (t) => {
  await using service = await startService({ "glance_store.stores": "file" });
  await runTable(
    t,
    service,
    [OWNER, ADMIN].map((who) =>
      posts(who.roles, 403, { who, body: { url: "http://127.0.0.1/" }, has: "http store must be enabled" })
    ),
  );
});

Deno.test("GET returns locations, whatever show_multiple_locations is", async (t) => {
  await using web = serveData();
  await using service = await startService(SEVERAL);
  const given: Row["given"] = async (service) => {
    const { id } = await service.create(OWNER, FORMATS);
    await service.upload(id, OWNER, "data");
    return { id };
  };
  const ask = "GET /v2/images/{id}/locations";
  await runTable(t, service, [
    {
      name: "an administrator",
      who: ADMIN,
      given,
      ask,
      status: 200,
      then(service, { id }, body) {
        const url = `file://${service.dir}/fast/${id}`;
        assert.deepEqual(JSON.parse(body), [{ url, metadata: { store: "fast" } }]);
      },
    },
    { name: "none", who: ADMIN, given: queued(), ask, status: 200, text: "[]" },
    { name: "an unknown image", who: ADMIN, ask: "GET /v2/images/none/locations", status: 404 },
    { name: "nobody", who: null, given, ask, status: 401 },
    { name: "a service, of a private image of another project", who: SERVICE, given, ask, status: 404 },
    { name: "the owner", given, ask, status: 403 },
  ], { web: web.url });
});
