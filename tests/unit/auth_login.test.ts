/** The service user's login: docs/reference/configuration.md §6. */
import assert from "node:assert/strict";
import { readServiceLogin } from "../../src/auth/service_login.ts";
import { findEndpoint } from "../../src/auth/service_session.ts";
import { configFrom } from "../../src/config/config.ts";
import { isError } from "../../src/errors.ts";
import { keystoneOptions, testAuth } from "../support/auth.ts";
import { fakeKeystone } from "../support/fake_keystone.ts";

const at = "keystone_authtoken";
const section = (options: Record<string, string>, name = at) =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [`${name}.${key}`, value]));
const URL_ = { auth_url: "http://k:5000/" };
const USER = { ...URL_, auth_type: "password", user_id: "u", password: "pw" };
const user = { id: "u", password: "pw" };

const LOGINS: [string, Record<string, string>, unknown][] = [
  ["by ids", { ...USER, project_id: "p" }, {
    identity: { methods: ["password"], password: { user } },
    scope: { project: { id: "p" } },
  }],
  ["by names", {
    ...URL_,
    auth_type: "v3password",
    username: "glance",
    password: "pw",
    user_domain_name: "Default",
    project_name: "service",
    project_domain_id: "default",
  }, {
    identity: {
      methods: ["password"],
      password: { user: { name: "glance", domain: { name: "Default" }, password: "pw" } },
    },
    scope: { project: { name: "service", domain: { id: "default" } } },
  }],
  ["default domains", {
    ...URL_,
    auth_type: "password",
    username: "glance",
    password: "pw",
    project_name: "service",
    default_domain_id: "default",
  }, {
    identity: {
      methods: ["password"],
      password: { user: { name: "glance", domain: { id: "default" }, password: "pw" } },
    },
    scope: { project: { name: "service", domain: { id: "default" } } },
  }],
  ["system", { ...USER, system_scope: "all" }, {
    identity: { methods: ["password"], password: { user } },
    scope: { system: { all: true } },
  }],
  ["domain", { ...USER, domain_name: "d" }, {
    identity: { methods: ["password"], password: { user } },
    scope: { domain: { name: "d" } },
  }],
  ["trust", { ...USER, trust_id: "t" }, {
    identity: { methods: ["password"], password: { user } },
    scope: { "OS-TRUST:trust": { id: "t" } },
  }],
  ["no scope", USER, { identity: { methods: ["password"], password: { user } } }],
  ["application credential", {
    ...URL_,
    auth_type: "v3applicationcredential",
    application_credential_id: "ac",
    application_credential_secret: "s",
    project_name: "ignored",
  }, {
    identity: { methods: ["application_credential"], application_credential: { id: "ac", secret: "s" } },
  }],
  ["application credential by name", {
    ...URL_,
    auth_type: "v3applicationcredential",
    application_credential_name: "n",
    application_credential_secret: "s",
    user_id: "u",
  }, {
    identity: {
      methods: ["application_credential"],
      application_credential: { name: "n", secret: "s", user: { id: "u" } },
    },
  }],
];
for (const [name, options, expected] of LOGINS) {
  Deno.test(`login: ${name}`, () => {
    const login = readServiceLogin(configFrom(section(options)), at);
    assert.deepEqual(login.auth, expected);
    assert.equal(login.authUrl, "http://k:5000");
  });
}

Deno.test("login: options in the section that auth_section names", () => {
  const config = configFrom({ [`${at}.auth_section`]: "elsewhere", ...section(USER, "elsewhere") });
  assert.deepEqual(readServiceLogin(config, at).auth.identity, { methods: ["password"], password: { user } });
});

Deno.test("login: [oslo_limit] is read the same way", () => {
  const login = readServiceLogin(configFrom(section(USER, "oslo_limit")), "oslo_limit");
  assert.deepEqual(login.auth.identity, { methods: ["password"], password: { user } });
});

const WRONG: [string, Record<string, string>, RegExp][] = [
  ["no auth_url", { ...USER, auth_url: "" }, /auth_url is not set/],
  ["auth_url is none", { ...USER, auth_url: "keystone:5000" }, /auth_url/],
  ["auth_url with a password", { ...USER, auth_url: "http://me:topsecret@k" }, /must not hold/],
  ["no password", { ...USER, password: "" }, /password is not set/],
  ["no user", { ...URL_, password: "pw" }, /username \(or user_id\) is not set/],
  ["no domain of the user", { ...URL_, username: "u", password: "pw" }, /user_domain_name/],
  ["no domain of the project", { ...USER, project_name: "p" }, /project_domain_name/],
  ["no secret", { ...URL_, auth_type: "v3applicationcredential", application_credential_id: "x" }, /secret/],
  ["unknown kind", { ...USER, auth_type: "v3kerberos" }, /v3kerberos.*v3applicationcredential/],
];
for (const [name, options, message] of WRONG) {
  Deno.test(`login is refused at start: ${name}`, async () => {
    await assert.rejects(
      testAuth({ "paste_deploy.flavor": "keystone", ...section(options) }),
      (error) =>
        isError(error, "config") && message.test(error.message) && !error.message.includes("topsecret"),
    );
  });
}

const DISCOVERY: [string, string, (keystone: ReturnType<typeof fakeKeystone>) => void, string[]][] = [
  ["from the root", "", () => {}, ["/", "/v3/auth/tokens"]],
  ["a slash at the end", "/", () => {}, ["/", "/v3/auth/tokens"]],
  ["with /v3: no question", "/v3", () => {}, ["/v3/auth/tokens"]],
  ["with /v3/", "/v3/", () => {}, ["/v3/auth/tokens"]],
  ["an old /v2.0", "/v2.0", () => {}, ["/", "/v3/auth/tokens"]],
  ["the list names another host", "", ({ state }) => state.v3Href = "http://evil.invalid/v3/", [
    "/",
    "/v3/auth/tokens",
  ]],
  ["the list names another scheme", "", ({ state, port }) => state.v3Href = `https://127.0.0.1:${port}/v3/`, [
    "/",
    "/v3/auth/tokens",
  ]],
  ["the list is relative", "", ({ state }) => state.v3Href = "/v3/", ["/", "/v3/auth/tokens"]],
  ["no list at the root", "", ({ state }) => state.rootStatus = 404, ["/", "/v3/auth/tokens"]],
];
for (const [name, suffix, prepare, paths] of DISCOVERY) {
  Deno.test(`discovery: ${name}`, async () => {
    await using keystone = fakeKeystone();
    prepare(keystone);
    keystone.tokens.set("good", {});
    using auth = await testAuth(keystoneOptions(`${keystone.url}${suffix}`));
    assert.ok(await auth.identify({ "x-auth-token": "good" }));
    const until = keystone.seen.findIndex((each) => each.method === "POST");
    assert.deepEqual(keystone.seen.slice(0, until + 1).map((each) => each.path), paths);
  });
}

const ENDPOINTS: [string, Record<string, string>, string][] = [
  ["internal by default", {}, "internal-one"],
  ["interface", { [`${at}.interface`]: "public" }, "public-one"],
  ["region", { [`${at}.region_name`]: "two" }, "internal-two"],
  ["not in the catalog: auth_url", { [`${at}.region_name`]: "nowhere" }, "auth_url"],
];
for (const [name, options, expected] of ENDPOINTS) {
  Deno.test(`identity endpoint: ${name}`, async () => {
    await using main = fakeKeystone();
    const others = ["internal-one", "public-one", "internal-two"].map((label) => ({
      label,
      keystone: fakeKeystone(),
    }));
    main.tokens.set("good", {});
    for (const { label, keystone } of others) {
      keystone.tokens.set("good", {});
      const [face, region] = label.split("-");
      main.state.identityEndpoints.push({ interface: face!, region: region!, url: keystone.url });
    }
    using auth = await testAuth(keystoneOptions(main.url, options));
    assert.ok(await auth.identify({ "x-auth-token": "good" }));
    const asked = others.filter(({ keystone }) => keystone.validations().length > 0).map(({ label }) =>
      label
    );
    if (main.validations().length > 0) asked.push("auth_url");
    assert.deepEqual(asked, [expected]);
    for (const { keystone } of others) await keystone[Symbol.asyncDispose]();
  });
}

Deno.test("endpoints: another type, no URL, region under its old name", () => {
  const catalog = [
    { type: "image", endpoints: [{ interface: "public", url: "http://image" }] },
    {
      type: "identity",
      endpoints: [{ interface: "admin", url: null }, { interface: "public", region: "r", url: "http://id" }],
    },
  ];
  assert.equal(findEndpoint(catalog, "identity", "public", "r"), "http://id");
  assert.equal(findEndpoint(catalog, "identity", "admin", null), null);
  assert.equal(findEndpoint(catalog, "identity", "public", "s"), null);
  assert.equal(findEndpoint(catalog, "image", "public", null), "http://image");
});
