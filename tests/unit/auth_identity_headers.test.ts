/** Identity headers of a trusted front end: docs/reference/auth-and-middleware.md §1.5, §2.1. */
import assert from "node:assert/strict";
import type { Caller } from "../../src/caller.ts";
import { isError } from "../../src/errors.ts";
import { keystoneOptions, testAuth } from "../support/auth.ts";
import { fakeKeystone } from "../support/fake_keystone.ts";

const TRUSTED = { "oneglance.identity_headers_from": "127.0.0.1,10.1.0.0/16,fd00::/8,::ffff:192.0.2.0/120" };
const WHO = {
  "x-identity-status": "Confirmed",
  "x-user-id": "u",
  "x-project-id": "p",
  "x-roles": "Member, reader",
};

const PEERS: [string, boolean][] = [
  ["127.0.0.1", true],
  ["::ffff:127.0.0.1", true],
  ["127.0.0.2", false],
  ["10.1.255.255", true],
  ["10.2.0.1", false],
  ["::ffff:10.1.2.3", true],
  ["fd00::1", true],
  ["fe00::1", false],
  ["::1", false],
  ["192.0.2.7", true],
  ["192.0.3.7", false],
  ["", false],
  ["unix", false],
];
for (const [peer, believed] of PEERS) {
  Deno.test(`identity headers from ${JSON.stringify(peer)} are ${believed ? "" : "not "}believed`, async () => {
    await using keystone = fakeKeystone();
    using guarded = await testAuth(keystoneOptions(keystone.url, TRUSTED));
    using open = await testAuth(TRUSTED);
    const seen = await guarded.identify(WHO, { peer });
    assert.equal(seen?.userId ?? null, believed ? "u" : null);
    assert.equal((await open.identify(WHO, { peer }))?.userId ?? null, believed ? "u" : null);
    assert.equal(keystone.seen.length, 0);
  });
}

Deno.test("all headers make a caller", async () => {
  using auth = await testAuth(TRUSTED);
  const caller = await auth.identify({
    ...WHO,
    "x-auth-token": "tok",
    "x-user-name": "J\xc3\xbcrgen",
    "x-user-domain-id": "ud",
    "x-user-domain-name": "UD",
    "x-project-name": "pn",
    "x-project-domain-id": "pd",
    "x-project-domain-name": "PD",
    "x-domain-id": "d",
    "x-domain-name": "D",
    "openstack-system-scope": "all",
    "x-is-admin-project": "False",
    "x-service-identity-status": "Confirmed",
    "x-service-roles": "Service, x",
    "x-service-user-id": "su",
    "x-service-user-domain-id": "sud",
    "x-service-project-id": "sp",
    "x-service-project-domain-id": "spd",
    "x-service-catalog": JSON.stringify([{
      name: "glance",
      type: "image",
      endpoints: [{ region: "r", publicURL: "http://p", adminURL: "http://a" }],
    }]),
  });
  const expected: Caller = {
    userId: "u",
    userName: "Jürgen",
    userDomainId: "ud",
    userDomainName: "UD",
    projectId: "p",
    projectName: "pn",
    projectDomainId: "pd",
    projectDomainName: "PD",
    domainId: "d",
    domainName: "D",
    systemScope: "all",
    roles: ["member", "reader"],
    serviceRoles: ["Service", "x"],
    serviceUserId: "su",
    serviceUserDomainId: "sud",
    serviceProjectId: "sp",
    serviceProjectDomainId: "spd",
    isAdminProject: false,
    isAdmin: false,
    readOnly: false,
    token: "tok",
    catalog: [{
      type: "image",
      name: "glance",
      endpoints: [
        { interface: "public", region: "r", region_id: "r", url: "http://p" },
        { interface: "admin", region: "r", region_id: "r", url: "http://a" },
      ],
    }],
  };
  assert.deepEqual(caller, expected);
});

const FIRST: [string, Record<string, string>, Partial<Caller>][] = [
  ["X-User", { "x-user": "old" }, { userId: "old" }],
  ["X-User-Id before X-User", { "x-user": "old", "x-user-id": "new" }, { userId: "new" }],
  ["X-Tenant", { "x-tenant": "t" }, { projectId: "t" }],
  ["X-Tenant-Id before X-Tenant", { "x-tenant": "t", "x-tenant-id": "tid" }, { projectId: "tid" }],
  ["X-Project-Id first", { "x-tenant-id": "t", "x-project-id": "p" }, { projectId: "p" }],
  ["X-Tenant-Name", { "x-tenant-name": "n", "x-user-id": "u" }, { projectName: "n" }],
  ["X-Role", { "x-role": "Admin" }, { roles: ["admin"], isAdmin: true }],
  ["X-Roles before X-Role", { "x-role": "admin", "x-roles": " A ,,b" }, {
    roles: ["a", "b"],
    isAdmin: false,
  }],
  ["no roles", { "x-user-id": "u" }, { roles: [], isAdminProject: true, catalog: null, serviceRoles: [] }],
  ["an invalid service", {
    "x-user-id": "u",
    "x-service-identity-status": "Invalid",
    "x-service-roles": "service",
  }, {
    serviceRoles: [],
  }],
  ["X-Storage-Token", { "x-user-id": "u", "x-storage-token": "s" }, { token: "s" }],
];
for (const [name, headers, expected] of FIRST) {
  Deno.test(`first header present: ${name}`, async () => {
    using auth = await testAuth(TRUSTED);
    const caller = await auth.identify({ "x-identity-status": "Confirmed", ...headers }) as Caller;
    for (const key of Object.keys(expected) as (keyof Caller)[]) {
      assert.deepEqual(caller[key], expected[key], key);
    }
  });
}

Deno.test("open flavor: headers need no status, without any header whoever connects is an administrator", async () => {
  using auth = await testAuth(TRUSTED);
  const caller = await auth.identify({ "x-user-id": "u", "x-roles": "reader" });
  assert.equal(caller?.userId, "u");
  assert.equal(caller.isAdmin, false);
  assert.equal((await auth.identify({}))?.isAdmin, true);
  assert.equal(await auth.identify({ ...WHO, "x-identity-status": "Invalid" }), null);
});

Deno.test("keystone flavor: without a status the token counts, an invalid status is 401 in spite of a token", async () => {
  await using keystone = fakeKeystone();
  keystone.tokens.set("good", { user: "demo" });
  using auth = await testAuth(keystoneOptions(keystone.url, TRUSTED));
  const { "x-identity-status": _, ...unsigned } = WHO;
  assert.equal(await auth.identify(unsigned), null);
  assert.equal((await auth.identify({ ...unsigned, "x-auth-token": "good" }))?.userId, "demo-id");
  assert.equal(await auth.identify({ ...WHO, "x-auth-token": "good", "x-identity-status": "Invalid" }), null);
  assert.equal((await auth.identify({ ...WHO, "x-auth-token": "bad" }))?.userId, "u");
});

for (const text of ["{", "{}", "[1]"]) {
  Deno.test(`a catalog that is none (${text}) is 500`, async () => {
    using auth = await testAuth(TRUSTED);
    await assert.rejects(
      auth.identify({ ...WHO, "x-service-catalog": text }),
      (error) => isError(error, "internal"),
    );
  });
}

for (const text of ["10.0.0.0/33", "proxy.example", "10.0.0.0/", "/8"]) {
  Deno.test(`identity_headers_from = ${text} is refused at start`, async () => {
    await assert.rejects(
      testAuth({ "oneglance.identity_headers_from": text }),
      (error) => isError(error, "config") && error.message.includes(text),
    );
  });
}
