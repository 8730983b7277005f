/**
 * Authentication with a real Keystone, with the service user `glance` and the users `demo` and `admin` of the projects
 * of the same names. Needs ONEGLANCE_KEYSTONE_URL (and ONEGLANCE_KEYSTONE_PASSWORD, default `yardstick`).
 */
import assert from "node:assert/strict";
import { isError } from "../../src/errors.ts";
import { testAuth } from "../support/auth.ts";

const url = Deno.env.get("ONEGLANCE_KEYSTONE_URL")?.replace(/\/+$/, "").replace(/\/v3$/, "");
const password = Deno.env.get("ONEGLANCE_KEYSTONE_PASSWORD") ?? "yardstick";
if (url === undefined) {
  console.log("skipped: tests/compat/keystone_auth.test.ts, because ONEGLANCE_KEYSTONE_URL is not set");
}

function compat(name: string, test: () => Promise<void>): void {
  Deno.test({ name: `real Keystone: ${name}`, ignore: url === undefined, fn: test });
}

const DEFAULT = { domain: { id: "default" } };

function options(more: Record<string, string> = {}): Record<string, string> {
  return {
    "paste_deploy.flavor": "keystone",
    "keystone_authtoken.auth_type": "password",
    "keystone_authtoken.auth_url": url!,
    "keystone_authtoken.username": "glance",
    "keystone_authtoken.password": password,
    "keystone_authtoken.user_domain_id": "default",
    "keystone_authtoken.project_name": "service",
    "keystone_authtoken.project_domain_id": "default",
    ...more,
  };
}

async function call(method: string, path: string, token: string | null, body?: unknown): Promise<Response> {
  return await fetch(`${url}/v3${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token === null ? {} : { "x-auth-token": token }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function issue(identity: unknown, scope?: unknown): Promise<{ token: string; userId: string }> {
  const response = await call("POST", "/auth/tokens", null, { auth: { identity, scope } });
  const body = await response.json();
  assert.equal(response.status, 201, JSON.stringify(body));
  return { token: response.headers.get("x-subject-token")!, userId: body.token.user.id };
}

function logIn(name: string, scope: unknown): Promise<{ token: string; userId: string }> {
  return issue({ methods: ["password"], password: { user: { name, ...DEFAULT, password } } }, scope);
}

const project = (name: string) => ({ project: { name, ...DEFAULT } });

for (const suffix of ["", "/", "/v3"]) {
  compat(`a user's token, auth_url ending in "${suffix}"`, async () => {
    const { token, userId } = await logIn("demo", project("demo"));
    using auth = await testAuth(options({ "keystone_authtoken.auth_url": `${url}${suffix}` }));
    const caller = await auth.identify({ "x-auth-token": token });
    assert.ok(caller);
    assert.equal(caller.userId, userId);
    assert.equal(caller.userName, "demo");
    assert.equal(caller.userDomainId, "default");
    assert.equal(caller.projectName, "demo");
    assert.equal(caller.projectDomainName, "Default");
    assert.ok(caller.roles.includes("member") && caller.roles.includes("reader"));
    assert.equal(caller.isAdmin, false);
    assert.ok(caller.catalog?.some((each) => (each as { type: string }).type === "image"));
  });
}

compat("an administrator", async () => {
  const { token } = await logIn("admin", project("admin"));
  using auth = await testAuth(options());
  assert.equal((await auth.identify({ "x-auth-token": token }))?.isAdmin, true);
});

compat("an unscoped token has no role", async () => {
  const { token } = await logIn("demo", "unscoped");
  using auth = await testAuth(options());
  const caller = await auth.identify({ "x-auth-token": token });
  assert.deepEqual(caller?.roles, []);
  assert.equal(caller.projectId, null);
});

compat("a token that is none", async () => {
  using auth = await testAuth(options());
  assert.equal(await auth.identify({ "x-auth-token": "gAAAAABnonsense" }), null);
});

compat("a service token lends its roles", async () => {
  const { token } = await logIn("demo", project("demo"));
  const service = await logIn("glance", project("service"));
  using auth = await testAuth(options());
  const caller = await auth.identify({ "x-auth-token": token, "x-service-token": service.token });
  assert.ok(caller);
  assert.ok(caller.serviceRoles.includes("service"));
  assert.equal(caller.serviceUserId, service.userId);
  assert.ok(!caller.roles.includes("service"));
});

compat("a revoked token works while it is cached, and no longer", async () => {
  const { token } = await logIn("demo", project("demo"));
  let now = Date.now();
  using auth = await testAuth(options(), { now: () => now });
  assert.ok(await auth.identify({ "x-auth-token": token }));
  const admin = await logIn("admin", project("admin"));
  const revoked = await fetch(`${url}/v3/auth/tokens`, {
    method: "DELETE",
    headers: { "x-auth-token": admin.token, "x-subject-token": token },
  });
  assert.equal(revoked.status, 204);
  assert.ok(await auth.identify({ "x-auth-token": token }));
  now += 301_000;
  assert.equal(await auth.identify({ "x-auth-token": token }), null);
});

compat("a wrong password of the service user is 503, and stands nowhere", async () => {
  const { token } = await logIn("demo", project("demo"));
  using auth = await testAuth(options({ "keystone_authtoken.password": "wrong-secret" }));
  await assert.rejects(auth.identify({ "x-auth-token": token }), (error) => isError(error, "unavailable"));
  assert.match(auth.log.join("\n"), /rejects the service user's credentials/);
  assert.doesNotMatch(auth.log.join("\n"), /wrong-secret/);
});

compat("a restricted application credential, and one as the service user's login", async () => {
  const demo = await logIn("demo", project("demo"));
  const glance = await logIn("glance", project("service"));
  const made: { owner: { token: string; userId: string }; id: string }[] = [];
  const create = async (owner: { token: string; userId: string }, more: Record<string, unknown>) => {
    const name = `oneglance-${crypto.randomUUID()}`;
    const body = { application_credential: { name, secret: "s3cret", ...more } };
    const response = await call("POST", `/users/${owner.userId}/application_credentials`, owner.token, body);
    const answer = await response.json();
    assert.equal(response.status, 201, JSON.stringify(answer));
    made.push({ owner, id: answer.application_credential.id });
    return answer.application_credential.id as string;
  };
  try {
    const rule = { service: "image", method: "GET", path: "/v2/images/*" };
    const restricted = await create(demo, { access_rules: [rule] });
    const { token } = await issue({
      methods: ["application_credential"],
      application_credential: { id: restricted, secret: "s3cret" },
    });
    using auth = await testAuth({
      ...options({ "keystone_authtoken.service_type": "image" }),
      "keystone_authtoken.auth_type": "v3applicationcredential",
      "keystone_authtoken.application_credential_id": await create(glance, {}),
      "keystone_authtoken.application_credential_secret": "s3cret",
    });
    const as = (method: string, path: string) => auth.identify({ "x-auth-token": token }, { method, path });
    assert.equal((await as("GET", "/v2/images/1"))?.userName, "demo");
    assert.equal(await as("DELETE", "/v2/images/1"), null);
    assert.equal(await as("GET", "/v2/images/1/file"), null);
  } finally {
    for (const { owner, id } of made) {
      const path = `/users/${owner.userId}/application_credentials/${id}`;
      await (await call("DELETE", path, owner.token)).body?.cancel();
    }
  }
});
