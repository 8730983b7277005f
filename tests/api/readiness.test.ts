/** `/healthcheck/ready` and a detailed health check name each part; `/healthcheck` looks at none (docs/reference/auth-and-middleware.md §8). */
import assert from "node:assert/strict";
import { join } from "node:path";
import { makePartsHealth } from "../../src/health/parts.ts";
import { fail } from "../../src/errors.ts";
import { keystoneOptions } from "../support/auth.ts";
import { fakeKeystone } from "../support/fake_keystone.ts";
import { startService, type TestService } from "../support/service.ts";

const STORES = {
  "DEFAULT.enabled_backends": "fast:file,slow:file,web:http",
  "glance_store.default_backend": "fast",
  "fast.filesystem_store_datadir": "{dir}/fast",
  "slow.filesystem_store_datadir": "{dir}/slow",
};
const ALL_WELL = {
  database: "OK",
  keystone: "OK",
  staging: "OK",
  "store fast": "OK",
  "store slow": "OK",
  "store web": "OK",
};

async function ask(
  service: TestService,
  path: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await service.ask(path, null, { headers: { accept: "application/json" } });
  return { status: response.status, body: await response.json() };
}

/** The parts as a new look finds them; answers of the service itself hold for some seconds. */
async function looked(service: TestService): Promise<Record<string, string>> {
  const parts = await makePartsHealth(service.deps)();
  return Object.fromEntries(parts.map(({ name, problem }) => [name, problem ?? "OK"]));
}

Deno.test("all parts are there", async () => {
  await using keystone = fakeKeystone();
  await using service = await startService({ ...STORES, ...keystoneOptions(keystone.url) });
  const { status, body } = await ask(service, "/healthcheck/ready");
  assert.equal(status, 200);
  assert.deepEqual(body, { detailed: false, parts: ALL_WELL, reasons: ["OK"] });
  const head = await service.ask("/healthcheck/ready", null, { method: "HEAD" });
  assert.equal(head.status, 204);
  const text = await service.ask("/healthcheck/ready", null, { headers: { accept: "text/plain" } });
  assert.equal(await text.text(), "OK");
  const asked = keystone.seen.length;
  for (let each = 0; each < 20; each++) await ask(service, "/healthcheck/ready");
  assert.equal(keystone.seen.length, asked, "asking often makes no work");
});

const BROKEN: [name: string, part: string, problem: RegExp, breakIt: (service: TestService) => unknown][] = [
  [
    "a store is gone",
    "store slow",
    /^It is missing/,
    ({ dir }) => Deno.remove(join(dir, "slow"), { recursive: true }),
  ],
  [
    "the staging area is gone",
    "staging",
    /^It is missing/,
    ({ dir }) => Deno.remove(join(dir, "staging"), { recursive: true }),
  ],
  ["the database is full", "database", /^There is no space left for the database\.$/, ({ deps }) => {
    deps.db.write.health.probe = () => fail("unavailable", "There is no space left for the database.");
  }],
  [
    "the database is damaged",
    "database",
    /^It cannot be used; the log of the service says why\.$/,
    ({ deps }) => {
      deps.db.read.health.ping = () => fail("database", "The database /secret/place is damaged");
    },
  ],
  ["Keystone is away", "keystone", /^It does not answer\.$/, ({ deps }) => {
    Object.assign(deps.auth, { reach: () => fail("unavailable", "10.0.0.1 refuses") });
  }],
];
for (const [name, part, problem, breakIt] of BROKEN) {
  Deno.test(`not ready: ${name}; the process is to be used all the same`, async () => {
    await using keystone = fakeKeystone();
    await using service = await startService({
      ...STORES,
      ...keystoneOptions(keystone.url),
      "healthcheck.detailed": "true",
    });
    await breakIt(service);
    const { [part]: found, ...others } = await looked(service);
    assert.match(found!, problem);
    const { [part as "database"]: _, ...well } = ALL_WELL;
    assert.deepEqual(others, well);
    assert.equal((await service.ask("/healthcheck", null)).status, 200);
    if (part === "keystone") return; // The app has kept how it asks.
    const { status, body } = await ask(service, "/healthcheck/ready");
    assert.equal(status, 503);
    assert.deepEqual(body.reasons, [`${part}: ${found}`]);
    const detailed = await ask(service, "/healthcheck");
    assert.equal(detailed.status, 200);
    assert.equal((detailed.body.parts as Record<string, string>)[part], found);
    const html = await service.ask("/healthcheck", null, { headers: { accept: "text/html" } });
    assert.ok((await html.text()).includes(`<li>${part}: ${found}</li>`));
  });
}

Deno.test("a Keystone that refuses connections is named, and one that answers again is well", async () => {
  const first = fakeKeystone();
  const { port, url } = first;
  await first[Symbol.asyncDispose]();
  await using service = await startService({
    ...keystoneOptions(url),
    "keystone_authtoken.http_request_max_retries": "0",
  });
  assert.equal((await looked(service)).keystone, "It does not answer.");
  await using _second = fakeKeystone({ port });
  assert.equal((await looked(service)).keystone, "OK");
});

Deno.test("what hangs is named within seconds, and is not begun again while it hangs", async () => {
  await using service = await startService({ "paste_deploy.flavor": "" });
  const hung = Promise.withResolvers<null>();
  let begun = 0;
  service.deps.stores.staging.problem = () => (begun++, hung.promise);
  let now = 0;
  const look = makePartsHealth(service.deps, { now: () => now, patienceMs: 50 });
  const staging = async () => (await look()).find(({ name }) => name === "staging")!.problem;
  assert.equal(await staging(), "It does not answer within 0.05 s.");
  now += 5000;
  assert.equal(await staging(), "It does not answer within 0.05 s.");
  assert.equal(begun, 1);
  hung.resolve(null);
  await hung.promise;
  now += 5000;
  assert.equal(await staging(), null);
});

Deno.test("without authentication there is no Keystone to be asked; a disabled process is not ready", async () => {
  await using service = await startService({ "paste_deploy.flavor": "" });
  assert.deepEqual(Object.keys((await ask(service, "/healthcheck/ready")).body.parts as object), [
    "database",
    "store file",
    "store http",
    "staging",
  ]);
  await Deno.writeTextFile(join(service.dir, "healthcheck_disable"), "");
  const { status, body } = await ask(service, "/healthcheck/ready");
  assert.deepEqual([status, body.reasons], [503, ["DISABLED BY FILE"]]);
});

Deno.test("networks that get no health check get no readiness", async () => {
  await using service = await startService({ "healthcheck.allowed_source_ranges": "192.0.2.0/24" });
  assert.equal((await service.ask("/healthcheck/ready", null)).status, 404);
});
