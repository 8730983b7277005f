/** Service tokens and access rules: docs/reference/auth-and-middleware.md §1.1 step 3, §1.6, traps. */
import assert from "node:assert/strict";
import { matchesPath } from "../../src/auth/access_rules.ts";
import { isError } from "../../src/errors.ts";
import { keystoneOptions, testAuth } from "../support/auth.ts";
import { fakeKeystone } from "../support/fake_keystone.ts";

const NOT_REQUIRED = { "keystone_authtoken.service_token_roles_required": "false" };
const NOT_DELAYED = { "keystone_authtoken.delay_auth_decision": "false" };
const IMAGE = { "keystone_authtoken.service_type": "image" };
type Options = Record<string, string>;

function cloud() {
  const keystone = fakeKeystone();
  const rule = { service: "image", method: "GET", path: "/v2/images/*" };
  keystone.tokens
    .set("user", { roles: ["member"] })
    .set("late", { expiresAt: Date.now() - 60_000 })
    .set("nova", { user: "nova", project: "service", roles: ["Service", "service"] })
    .set("plain", { user: "plain", project: "plain", roles: ["member"] })
    .set("late-nova", { user: "nova", roles: ["service"], expiresAt: Date.now() - 1_000 })
    .set("ruled", { user: "ruled", accessRules: [rule] })
    .set("no-rule", { accessRules: [] })
    .set("no-image", { accessRules: [rule], catalog: false });
  return keystone;
}

const SERVICE: [string, Options, string, string, { found: boolean; serviceRoles: string[] }][] = [
  ["valid", {}, "user", "nova", { found: true, serviceRoles: ["Service", "service"] }],
  ["valid, user expired", {}, "late", "nova", { found: true, serviceRoles: ["Service", "service"] }],
  ["unknown: the user's token decides", {}, "user", "nonsense", { found: true, serviceRoles: [] }],
  ["unknown, user expired", {}, "late", "nonsense", { found: false, serviceRoles: [] }],
  ["empty", {}, "user", "", { found: true, serviceRoles: [] }],
  ["expired: never tolerated", {}, "user", "late-nova", { found: true, serviceRoles: [] }],
  ["expired, user expired", {}, "late", "late-nova", { found: false, serviceRoles: [] }],
  ["without the role", {}, "user", "plain", { found: true, serviceRoles: [] }],
  ["without the role, not required", NOT_REQUIRED, "user", "plain", {
    found: true,
    serviceRoles: ["member"],
  }],
  ["without the role, not required, user expired", NOT_REQUIRED, "late", "plain", {
    found: false,
    serviceRoles: [],
  }],
  ["one of several roles", { "keystone_authtoken.service_token_roles": "boss,member" }, "user", "plain", {
    found: true,
    serviceRoles: ["member"],
  }],
  ["valid, user unknown", {}, "nonsense", "nova", { found: false, serviceRoles: [] }],
  ["unknown, nobody decides later", NOT_DELAYED, "user", "nonsense", { found: false, serviceRoles: [] }],
  ["without the role, nobody decides later", NOT_DELAYED, "user", "plain", {
    found: false,
    serviceRoles: [],
  }],
  ["valid, nobody decides later", NOT_DELAYED, "user", "nova", {
    found: true,
    serviceRoles: ["Service", "service"],
  }],
];

const WARNINGS: [Options, RegExp | null][] = [
  [{}, /^info .*service_token_roles_required is not set, so it is true, as in 2026\.2.*roles service;/],
  [{ "keystone_authtoken.service_token_roles_required": "true" }, null],
  [NOT_REQUIRED, /^warn .*service_token_roles_required = false: any valid token/],
];
for (const [options, said] of WARNINGS) {
  Deno.test(`the start logs once which service tokens count: ${JSON.stringify(options)}`, async () => {
    await using keystone = cloud();
    using auth = await testAuth(keystoneOptions(keystone.url, options));
    for (const token of ["user", "nova"]) await auth.identify({ "x-auth-token": token });
    const lines = auth.log.filter((line) => line.includes("service_token_roles_required"));
    assert.equal(lines.length, said === null ? 0 : 1);
    if (said !== null) assert.match(lines[0]!, said);
  });
}
for (const [name, options, token, serviceToken, expected] of SERVICE) {
  Deno.test(`service token: ${name}`, async () => {
    await using keystone = cloud();
    using auth = await testAuth(keystoneOptions(keystone.url, options));
    const headers = { "x-auth-token": token, "x-service-token": serviceToken };
    for (const round of ["new", "cached"]) {
      const caller = await auth.identify(headers);
      assert.equal(caller !== null, expected.found, round);
      if (caller === null) continue;
      assert.deepEqual(caller.serviceRoles, expected.serviceRoles, round);
      const [id, domain] = expected.serviceRoles.length === 0
        ? [null, null]
        : [`${serviceToken}-id`, "default"];
      assert.equal(caller.serviceUserId, id);
      assert.equal(caller.serviceUserDomainId, domain);
      assert.equal(caller.serviceProjectId, id === "nova-id" ? "service-id" : id);
      assert.equal(caller.serviceProjectDomainId, domain);
      assert.deepEqual(caller.roles, ["member"].concat(token === "late" ? ["reader"] : []));
    }
  });
}

Deno.test("a service token does not stay with the user's token", async () => {
  await using keystone = cloud();
  using auth = await testAuth(keystoneOptions(keystone.url));
  assert.equal(
    (await auth.identify({ "x-auth-token": "user", "x-service-token": "nova" }))!.serviceRoles.length,
    2,
  );
  assert.deepEqual((await auth.identify({ "x-auth-token": "user" }))!.serviceRoles, []);
  assert.ok(await auth.identify({ "x-auth-token": "late", "x-service-token": "nova" }));
  assert.equal(
    await auth.identify({ "x-auth-token": "late" }),
    null,
    "an expired token that was once tolerated",
  );
});

Deno.test("a service token without the role is warned of once", async () => {
  await using keystone = cloud();
  using auth = await testAuth(keystoneOptions(keystone.url, NOT_REQUIRED));
  for (let each = 0; each < 3; each++) {
    await auth.identify({ "x-auth-token": "user", "x-service-token": "plain" });
  }
  assert.equal(auth.log.filter((line) => line.includes("was accepted")).length, 1);
});

Deno.test("a service token that cannot be validated is 503", async () => {
  await using keystone = cloud();
  using auth = await testAuth(keystoneOptions(keystone.url));
  assert.ok(await auth.identify({ "x-auth-token": "user" }));
  keystone.state.validateStatus = 500;
  await assert.rejects(
    auth.identify({ "x-auth-token": "user", "x-service-token": "nova" }),
    (error) => isError(error, "unavailable"),
  );
});

const RULED: [string, Options, Record<string, string>, [string, string], boolean][] = [
  ["allowed", IMAGE, { "x-auth-token": "ruled" }, ["GET", "/v2/images/1"], true],
  ["a query does not count", IMAGE, { "x-auth-token": "ruled" }, ["GET", "/v2/images/1?a=/b"], true],
  ["other method", IMAGE, { "x-auth-token": "ruled" }, ["DELETE", "/v2/images/1"], false],
  ["other path", IMAGE, { "x-auth-token": "ruled" }, ["GET", "/v2/images/1/file"], false],
  ["service_type unset", {}, { "x-auth-token": "ruled" }, ["GET", "/v2/images/1"], false],
  ["other service_type", { "keystone_authtoken.service_type": "volume" }, { "x-auth-token": "ruled" }, [
    "GET",
    "/v2/images/1",
  ], false],
  ["no image service in the catalog", IMAGE, { "x-auth-token": "no-image" }, ["GET", "/v2/images/1"], false],
  ["an empty list allows nothing", IMAGE, { "x-auth-token": "no-rule" }, ["GET", "/v2/images/1"], false],
  [
    "a valid service token is above the rules",
    IMAGE,
    { "x-auth-token": "ruled", "x-service-token": "nova" },
    [
      "DELETE",
      "/v2/images/1",
    ],
    true,
  ],
  ["an invalid service token is not", IMAGE, { "x-auth-token": "ruled", "x-service-token": "nonsense" }, [
    "DELETE",
    "/v2/images/1",
  ], false],
  [
    "nor one without the role",
    { ...IMAGE, ...NOT_REQUIRED },
    {
      "x-auth-token": "ruled",
      "x-service-token": "ruled",
    },
    ["DELETE", "/v2/images/1"],
    false,
  ],
  [
    "service_type unset also with a service token",
    {},
    { "x-auth-token": "ruled", "x-service-token": "nova" },
    [
      "GET",
      "/v2/images/1",
    ],
    false,
  ],
];
for (const [name, options, headers, [method, path], found] of RULED) {
  Deno.test(`access rules: ${name}`, async () => {
    await using keystone = cloud();
    using auth = await testAuth(keystoneOptions(keystone.url, options));
    assert.equal(await auth.identify(headers, { method, path }) !== null, found);
    assert.equal(await auth.identify(headers, { method, path }) !== null, found, "cached");
  });
}

const PATHS: [string, string, boolean][] = [
  ["/v2/images", "/v2/images", true],
  ["/v2/images", "/v2/images/", false],
  ["/v2/images", "/prefix/v2/images", false],
  ["/v2/images/*", "/v2/images/1", true],
  ["/v2/images/*", "/v2/images/", false],
  ["/v2/images/*", "/v2/images/1/file", false],
  ["/v2/images/{id}/file", "/v2/images/1/file", true],
  ["/v2/images/{image_id}/file", "/v2/images//file", false],
  ["/v2/{a}-{b}/x", "/v2/1-2-3/x", true],
  ["/v2/**", "/v2/", true],
  ["/v2/**", "/v2/images/1/file", true],
  ["/v2/**/file", "/v2/images/1/file", true],
  ["/v2/**/file", "/v2/images/1/files", false],
  ["**", "", true],
  ["/v2/images.", "/v2/imagesX", false],
  ["/v2/(a|b)+", "/v2/(a|b)+", true],
  ["/v2/{", "/v2/{", true],
];
for (const [pattern, path, expected] of PATHS) {
  Deno.test(`rule path ${pattern} and ${path}`, () => assert.equal(matchesPath(pattern, path), expected));
}

Deno.test("a rule cannot be made to take for ever", () => {
  const start = performance.now();
  assert.equal(matchesPath("**a".repeat(42), `${"a".repeat(5_000)}b`), false);
  assert.ok(performance.now() - start < 2_000);
});
