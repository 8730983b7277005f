/** Tokens, validated by Keystone: docs/reference/auth-and-middleware.md §1.1 to §1.3 and its traps. */
import assert from "node:assert/strict";
import { isError } from "../../src/errors.ts";
import { fakeKeystone, type FakeToken } from "../support/fake_keystone.ts";
import { keystoneOptions, testAuth } from "../support/auth.ts";

const UNAVAILABLE = "The Keystone service is temporarily unavailable.";
const outage = (error: unknown) => isError(error, "unavailable") && error.message === UNAVAILABLE;

Deno.test("a valid token becomes a caller", async () => {
  await using keystone = fakeKeystone();
  keystone.tokens.set("good", { user: "demo", project: "demo", roles: ["Member", "reader"] });
  using auth = await testAuth(keystoneOptions(keystone.url));
  assert.equal(keystone.seen.length, 0, "nothing is asked before the first token");
  const { catalog, ...caller } = (await auth.identify({ "x-auth-token": "good" }))!;
  assert.deepEqual(caller, {
    userId: "demo-id",
    userName: "demo",
    userDomainId: "default",
    userDomainName: "Default",
    projectId: "demo-id",
    projectName: "demo",
    projectDomainId: "default",
    projectDomainName: "Default",
    domainId: null,
    domainName: null,
    systemScope: null,
    roles: ["member", "reader"],
    serviceRoles: [],
    serviceUserId: null,
    serviceUserDomainId: null,
    serviceProjectId: null,
    serviceProjectDomainId: null,
    isAdminProject: true,
    isAdmin: false,
    readOnly: false,
    token: "good",
  });
  assert.deepEqual(catalog?.map((each) => (each as { type: string }).type), ["image"]);
  const [asked] = keystone.validations();
  assert.equal(asked!.headers.get("x-auth-token"), "service-1");
  assert.equal(asked!.headers.get("x-subject-token"), "good");
  assert.equal(asked!.headers.get("openstack-identity-access-rules"), "1");
  assert.equal(asked!.query, "");
});

const SCOPES: [string, FakeToken, Record<string, unknown>][] = [
  ["a role named Admin is admin", { roles: ["Admin"] }, { roles: ["admin"], isAdmin: true }],
  ["unscoped: no role", { project: null, roles: [] }, { projectId: null, roles: [], isAdmin: false }],
  ["domain", { domain: "d", roles: ["admin"] }, { domainId: "d-id", domainName: "d", projectId: null }],
  ["system", { system: true, roles: ["admin"] }, { systemScope: "all", projectId: null, isAdmin: true }],
  ["not the admin project", { isAdminProject: false }, { isAdminProject: false }],
  ["without catalog", { catalog: false }, { catalog: null }],
];
for (const [name, token, expected] of SCOPES) {
  Deno.test(`scope: ${name}`, async () => {
    await using keystone = fakeKeystone();
    keystone.tokens.set("t", token);
    using auth = await testAuth(keystoneOptions(keystone.url));
    const caller = await auth.identify({ "x-auth-token": "t" }) as unknown as Record<string, unknown>;
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(caller[key], value, key);
  });
}

const HEADERS: [string, Record<string, string>, { found: boolean; asked: number }][] = [
  ["no token", {}, { found: false, asked: 0 }],
  ["an empty token", { "x-auth-token": "" }, { found: false, asked: 0 }],
  ["spaces only", { "x-auth-token": "   " }, { found: false, asked: 0 }],
  ["spaces around", { "x-auth-token": "  good\t" }, { found: true, asked: 1 }],
  ["X-Storage-Token", { "x-storage-token": "good" }, { found: true, asked: 1 }],
  ["X-Auth-Token before X-Storage-Token", { "x-auth-token": "bad", "x-storage-token": "good" }, {
    found: false,
    asked: 1,
  }],
  ["an unknown token", { "x-auth-token": "bad" }, { found: false, asked: 1 }],
  ["an oversize token", { "x-auth-token": "a".repeat(16_385) }, { found: false, asked: 0 }],
  ["two tokens in one header", { "x-auth-token": "good, good" }, { found: false, asked: 0 }],
  ["a token that is not ASCII", { "x-auth-token": "t\xf6ken" }, { found: false, asked: 0 }],
  ["faked identity headers", {
    "x-identity-status": "Confirmed",
    "x-user-id": "mallory",
    "x-project-id": "p",
    "x-roles": "admin",
  }, { found: false, asked: 0 }],
  ["faked identity headers beside a token", {
    "x-auth-token": "good",
    "x-identity-status": "Confirmed",
    "x-user-id": "mallory",
    "x-roles": "admin",
    "x-service-roles": "service",
    "openstack-system-scope": "all",
  }, { found: true, asked: 1 }],
];
for (const [name, headers, { found, asked }] of HEADERS) {
  Deno.test(`token headers: ${name}`, async () => {
    await using keystone = fakeKeystone();
    keystone.tokens.set("good", { user: "demo", roles: ["reader"] });
    using auth = await testAuth(keystoneOptions(keystone.url));
    const caller = await auth.identify(headers);
    assert.equal(caller !== null, found);
    assert.equal(keystone.validations().length, asked);
    if (caller === null) return;
    assert.equal(caller.userId, "demo-id");
    assert.deepEqual(caller.roles, ["reader"]);
    assert.deepEqual(caller.serviceRoles, []);
    assert.equal(caller.systemScope, null);
  });
}

const FAILURES: [string, (keystone: ReturnType<typeof fakeKeystone>) => void][] = [
  ["500", ({ state }) => state.validateStatus = 500],
  ["503", ({ state }) => state.validateStatus = 503],
  ["403: the service user may not ask", ({ state }) => state.validateStatus = 403],
  ["400", ({ state }) => state.validateStatus = 400],
  ["401 again after renewal", ({ state }) => state.validateStatus = 401],
  ["a redirect", ({ state }) => state.validateStatus = 302],
  ["something that is not Keystone", ({ state }) => state.garbage = true],
  ["login rejected", ({ state }) => state.loginStatus = 401],
  ["login fails", ({ state }) => state.loginStatus = 500],
];
for (const [name, breakIt] of FAILURES) {
  Deno.test(`a failing Keystone is 503, and a cached token goes on working: ${name}`, async () => {
    await using keystone = fakeKeystone();
    keystone.tokens.set("cached", {}).set("new", {});
    using auth = await testAuth(keystoneOptions(keystone.url));
    if (!name.startsWith("login")) assert.ok(await auth.identify({ "x-auth-token": "cached" }));
    breakIt(keystone);
    await assert.rejects(auth.identify({ "x-auth-token": "new" }), outage);
    if (!name.startsWith("login")) assert.ok(await auth.identify({ "x-auth-token": "cached" }));
    const lines = auth.log.filter((line) => line.startsWith("error"));
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /127\.0\.0\.1/);
    assert.doesNotMatch(lines.join(), /sesame|service-1/);
  });
}

Deno.test("an unreachable Keystone is 503 after the retries, and is asked again when it is back", async () => {
  const first = fakeKeystone();
  const { port, url } = first;
  await first[Symbol.asyncDispose]();
  let now = Date.now();
  const options = keystoneOptions(url, { "keystone_authtoken.http_request_max_retries": "1" });
  using auth = await testAuth(options, { now: () => now });
  await assert.rejects(auth.identify({ "x-auth-token": "good" }), outage);
  assert.match(
    auth.log.join("\n"),
    new RegExp(`127\\.0\\.0\\.1:${port} cannot be reached: connection refused`),
  );
  await using second = fakeKeystone({ port });
  second.tokens.set("good", {});
  now += 5_000;
  assert.ok(await auth.identify({ "x-auth-token": "good" }));
});

Deno.test("a Keystone that does not answer in time is 503, without a retry", async () => {
  await using keystone = fakeKeystone();
  keystone.state.delay = 1500;
  using auth = await testAuth(keystoneOptions(`${keystone.url}/v3`, {
    "keystone_authtoken.http_connect_timeout": "1",
  }));
  await assert.rejects(auth.identify({ "x-auth-token": "good" }), outage);
  assert.match(auth.log.join("\n"), /no answer in time/);
  assert.equal(keystone.seen.length, 1);
});

Deno.test("a rejected service token is renewed once, and allow_expired is kept", async () => {
  await using keystone = fakeKeystone();
  keystone.tokens.set("nova", { user: "nova", roles: ["service"] });
  keystone.tokens.set("user", {});
  keystone.tokens.set("late", { user: "late", expiresAt: Date.now() - 60_000 });
  using auth = await testAuth(keystoneOptions(keystone.url));
  assert.ok(await auth.identify({ "x-auth-token": "user", "x-service-token": "nova" }));
  keystone.state.rejectBefore = 1;
  const caller = await auth.identify({ "x-auth-token": "late", "x-service-token": "nova" });
  assert.equal(caller?.userId, "late-id");
  assert.equal(keystone.logins().length, 2);
  const asked = keystone.validations().filter((each) => each.headers.get("x-subject-token") === "late");
  assert.deepEqual(asked.map((each) => [each.headers.get("x-auth-token"), each.query]), [
    ["service-1", "?allow_expired=1"],
    ["service-2", "?allow_expired=1"],
  ]);
});

Deno.test("many requests at once renew a rejected service token once", async () => {
  await using keystone = fakeKeystone();
  for (let each = 0; each < 20; each++) keystone.tokens.set(`t${each}`, {});
  using auth = await testAuth(keystoneOptions(keystone.url));
  assert.ok(await auth.identify({ "x-auth-token": "t0" }));
  keystone.state.rejectBefore = 1;
  const callers = await Promise.all(
    [...keystone.tokens.keys()].map((token) => auth.identify({ "x-auth-token": token })),
  );
  assert.ok(callers.every((caller) => caller !== null));
  assert.equal(keystone.logins().length, 2);
});

Deno.test("the service token is kept until near its end", async () => {
  await using keystone = fakeKeystone();
  for (const token of ["a", "b", "c", "d"]) keystone.tokens.set(token, {});
  let now = Date.now();
  keystone.state.serviceLifetime = 100_000;
  using auth = await testAuth(keystoneOptions(keystone.url), { now: () => now });
  await auth.identify({ "x-auth-token": "a" });
  await auth.identify({ "x-auth-token": "b" });
  assert.equal(keystone.logins().length, 1);
  now += 75_000;
  await auth.identify({ "x-auth-token": "c" });
  assert.equal(keystone.logins().length, 2);
});

Deno.test("include_service_catalog = false asks with nocatalog", async () => {
  await using keystone = fakeKeystone();
  keystone.tokens.set("good", {});
  using auth = await testAuth(
    keystoneOptions(keystone.url, { "keystone_authtoken.include_service_catalog": "false" }),
  );
  assert.equal((await auth.identify({ "x-auth-token": "good" }))?.catalog, null);
  assert.equal(keystone.validations()[0]!.query, "?nocatalog");
});

Deno.test("isAdmin follows the policy of the moment, also for a cached token; the rule may be asynchronous", async () => {
  await using keystone = fakeKeystone();
  keystone.tokens.set("good", { roles: ["boss"] });
  let boss = "admin";
  using auth = await testAuth(keystoneOptions(keystone.url), {
    isAdmin: (caller) => Promise.resolve(caller.roles.includes(boss)),
  });
  assert.equal((await auth.identify({ "x-auth-token": "good" }))?.isAdmin, false);
  boss = "boss";
  assert.equal((await auth.identify({ "x-auth-token": "good" }))?.isAdmin, true);
  boss = "admin";
  assert.equal((await auth.identify({ "x-auth-token": "good" }))?.isAdmin, false);
  assert.equal(keystone.validations().length, 1);
});

Deno.test("anonymous access: no or a bad token is a read-only nobody, an outage is still 503", async () => {
  await using keystone = fakeKeystone();
  keystone.tokens.set("good", { roles: ["admin"] });
  using auth = await testAuth(keystoneOptions(keystone.url, { "DEFAULT.allow_anonymous_access": "true" }));
  const anonymous: Record<string, string>[] = [{}, { "x-auth-token": "bad" }, {
    "x-roles": "admin",
    "x-user-id": "me",
  }];
  for (const headers of anonymous) {
    const caller = await auth.identify(headers);
    assert.equal(caller?.readOnly, true);
    assert.equal(caller.isAdmin, false);
    assert.equal(caller.userId, null);
    assert.equal(caller.projectId, null);
    assert.deepEqual(caller.roles, []);
  }
  assert.equal((await auth.identify({ "x-auth-token": "good" }))?.readOnly, false);
  keystone.state.validateStatus = 500;
  await assert.rejects(auth.identify({ "x-auth-token": "other" }), outage);
});

const CHALLENGES: [Record<string, string>, string][] = [
  [{}, "http://keystone:5000"],
  [{ "keystone_authtoken.www_authenticate_uri": "https://public:5000/v3" }, "https://public:5000/v3"],
];
for (const [more, uri] of CHALLENGES) {
  Deno.test(`the challenge names ${uri}, and starting does not need Keystone`, async () => {
    using auth = await testAuth(keystoneOptions("http://keystone:5000", more));
    assert.equal(auth.authenticator.challenge, `Keystone uri="${uri}"`);
    assert.equal(auth.authenticator.open, false);
    assert.match(auth.authenticator.summary, /Keystone at http:\/\/keystone:5000/);
    assert.doesNotMatch(auth.authenticator.summary, /sesame/);
  });
}

Deno.test("memcached_servers is accepted with a word in the log", async () => {
  using auth = await testAuth(
    keystoneOptions("http://keystone:5000", { "keystone_authtoken.memcached_servers": "a:11211,b:11211" }),
  );
  assert.equal(auth.log.filter((line) => line.startsWith("info") && line.includes("memcached")).length, 1);
});
