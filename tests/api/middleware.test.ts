/** CORS, proxy headers, request ids, OPTIONS: docs/reference/auth-and-middleware.md §3, §5, §6; images-api.md §6.4, §6.5. */
import assert from "node:assert/strict";
import { queued } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { OWNER, startService, STRANGER } from "../support/service.ts";

const UUID = /^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const given = queued();
const withId = (
  name: string,
  id: string | null,
  answer: string | RegExp | null,
  more: Partial<Row> = {},
): Row => ({
  name,
  ask: "GET /v2/schemas/image",
  headers: id === null ? {} : { "x-openstack-request-id": id },
  status: 200,
  gives: { "x-openstack-request-id": answer, "x-content-type-options": "nosniff" },
  ...more,
});

/** What would make a line of the log say something else. */
const NO_IDS = [
  "req-1 admin admin] CRITICAL the disk is full [",
  "req-[1]",
  "req-a b",
  'req-"',
  "-",
  "%(user)s",
  "req-\u00e4",
];

Deno.test("request ids", async (t) => {
  await using service = await startService();
  await runTable(t, service, [
    withId("none is given", null, UUID),
    withId("an empty one", "", UUID),
    withId("a given one", "req-abc", "req-abc"),
    withId("a given one without req-", "abc", "req-abc"),
    withId("a given one of 64 characters", "r".repeat(64), `req-${"r".repeat(64)}`),
    withId("65 characters", "r".repeat(65), UUID, {
      status: 431,
      has: "431 Request Header Fields Too Large",
    }),
    withId("65 characters, no context", "r".repeat(65), UUID, { ask: "GET /v2/info/import", status: 431 }),
    withId("on an error", "req-abc", "req-abc", { ask: "GET /v2/images/none", status: 404 }),
    withId("on an error", null, UUID, { ask: "GET /v2/images/none", status: 404 }),
    withId("on a refused method", "req-abc", "req-abc", { ask: "PUT /v2/images", status: 405 }),
    withId("on an unknown path", "req-abc", "req-abc", { ask: "GET /v2/none", status: 404 }),
    withId("on HEAD", "req-abc", "req-abc", { ask: "HEAD /v2/images", status: 405, text: "" }),
    withId("on a new image", "req-abc", "req-abc", { ask: "POST /v2/images", body: {}, status: 201 }),
    withId("on 204", "req-abc", "req-abc", { given, ask: "PUT /v2/images/{id}/tags/a", status: 204 }),
    withId("on the data that is not there", "req-abc", "req-abc", {
      given,
      ask: "GET /v2/images/{id}/file",
      status: 204,
    }),
    withId("on 401", "req-abc", "req-abc", { who: null, status: 401 }),
    withId("on the versions", "req-abc", "req-abc", { who: null, ask: "GET /", status: 300 }),
    withId("on the versions", "req-abc", "req-abc", { who: null, ask: "GET /versions", status: 200 }),
    withId("on the contract", "req-abc", "req-abc", { who: null, ask: "GET /openapi.json", status: 200 }),
    withId("on the health check", "req-abc", "req-abc", { who: null, ask: "GET /healthcheck", status: 200 }),
    withId("on OPTIONS", "req-abc", "req-abc", { ask: "OPTIONS /v2/images" }),
    ...NO_IDS.map((text) => withId(`no id: ${text}`, text, UUID)),
  ]);
});

Deno.test("request ids of any length, where the configuration says so", async (t) => {
  await using short = await startService({ "DEFAULT.max_request_id_length": "10" });
  await runTable(t, short, [
    withId("10 characters", "req-123456", "req-123456"),
    withId("11 characters", "req-1234567", UUID, { status: 431 }),
  ]);
  await using any = await startService({ "DEFAULT.max_request_id_length": "0" });
  await runTable(t, any, [
    withId("255 characters", "r".repeat(255), `req-${"r".repeat(255)}`),
    withId("256 characters are no id", "r".repeat(256), UUID),
  ]);
});

const OPTIONS_PATHS = [
  "/",
  "/versions",
  "/v2",
  "/v2/",
  "/v2/images",
  "/v2/images/none",
  "/v2/images/none/tasks",
  "/v2/none",
  "/v1",
];

Deno.test("OPTIONS anywhere is an empty 200", async (t) => {
  await using service = await startService();
  await runTable(
    t,
    service,
    OPTIONS_PATHS.flatMap((path) =>
      [OWNER, null].map((who): Row => ({
        name: who ? "with a token" : "without",
        who,
        ask: `OPTIONS ${path}`,
        headers: { origin: "https://site", "access-control-request-method": "GET" },
        status: 200,
        text: "",
        gives: {
          "content-length": "0",
          allow: null,
          "x-openstack-request-id": UUID,
          "x-content-type-options": "nosniff",
          "access-control-allow-origin": null,
          "access-control-allow-methods": null,
          vary: null,
        },
      }))
    ),
  );
});

const ORIGIN = "https://site";
const EXPOSED = "X-Image-Meta-Checksum,X-Auth-Token,X-Subject-Token,X-Service-Token,X-OpenStack-Request-ID";
const NONE = {
  "access-control-allow-origin": null,
  "access-control-allow-credentials": null,
  "access-control-expose-headers": null,
  vary: null,
};
const simple = (
  name: string,
  ask: string,
  origin: string,
  status: number,
  gives: Row["gives"],
  more: Partial<Row> = {},
): Row => ({
  name,
  ask,
  headers: { origin },
  status,
  gives: gives!,
  ...more,
});
const ALLOWED = {
  "access-control-allow-origin": ORIGIN,
  "access-control-allow-credentials": "true",
  "access-control-expose-headers": EXPOSED,
  vary: "Origin",
};
const preflight = (name: string, headers: Record<string, string>, gives: Row["gives"]): Row => ({
  name: `preflight: ${name}`,
  who: null,
  ask: "OPTIONS /v2/images/none/file",
  headers,
  status: 200,
  text: "",
  gives: { "content-length": "0", ...gives },
});
const METHOD = "access-control-request-method";
const HEADERS = "access-control-request-headers";
const REFUSED = {
  "access-control-allow-origin": null,
  "access-control-allow-methods": null,
  "access-control-allow-headers": null,
  "access-control-max-age": null,
};
const GRANTED = {
  "access-control-allow-origin": ORIGIN,
  "access-control-allow-credentials": "true",
  "access-control-max-age": "3600",
};

Deno.test("CORS", async (t) => {
  await using service = await startService({ "cors.allowed_origin": `https://other,${ORIGIN}` });
  await runTable(t, service, [
    simple("a registered origin", "GET /v2/images", ORIGIN, 200, ALLOWED),
    simple("another registered origin", "GET /v2/images", "https://other", 200, {
      ...ALLOWED,
      "access-control-allow-origin": "https://other",
    }),
    simple("on an error", "GET /v2/images/none", ORIGIN, 404, ALLOWED),
    simple("on 401", "GET /v2/images", ORIGIN, 401, ALLOWED, { who: null }),
    simple("on 405", "PUT /v2/images", ORIGIN, 405, ALLOWED),
    simple("on the versions", "GET /", ORIGIN, 300, ALLOWED, { who: null }),
    simple("on a new image", "POST /v2/images", ORIGIN, 201, ALLOWED, { body: {} }),
    simple("not on the health check", "GET /healthcheck", ORIGIN, 200, NONE, { who: null }),
    simple("an unregistered origin is served", "GET /v2/images", "https://site.evil", 200, NONE),
    simple("the exact text", "GET /v2/images", "https://SITE", 200, NONE),
    simple("the exact text", "GET /v2/images", `${ORIGIN}/`, 200, NONE),
    simple("no origin", "GET /v2/images", "", 200, NONE),
    preflight("a method", { origin: ORIGIN, [METHOD]: "PUT" }, {
      ...GRANTED,
      "access-control-allow-methods": "PUT",
      "access-control-allow-headers": null,
    }),
    ...["GET", "PUT", "POST", "DELETE", "PATCH"].map((method) =>
      preflight("a method", { origin: ORIGIN, [METHOD]: method }, {
        ...GRANTED,
        "access-control-allow-methods": method,
      })
    ),
    preflight("headers", {
      origin: ORIGIN,
      [METHOD]: "PUT",
      [HEADERS]: "x-auth-token, CONTENT-TYPE,Content-MD5",
    }, {
      ...GRANTED,
      "access-control-allow-methods": "PUT",
      "access-control-allow-headers": "x-auth-token,CONTENT-TYPE,Content-MD5",
    }),
    preflight("all headers of identity", {
      origin: ORIGIN,
      [METHOD]: "PUT",
      [HEADERS]: "X-Identity-Status,X-Roles,X-User-Id,X-Tenant-Id,X-Auth-Token,X-Storage-Token",
    }, GRANTED),
    preflight("simple headers", {
      origin: ORIGIN,
      [METHOD]: "GET",
      [HEADERS]: "Accept,Accept-Language,Cache-Control,Content-Language,Expires,Last-Modified,Pragma",
    }, GRANTED),
    preflight("a header that is not allowed", {
      origin: ORIGIN,
      [METHOD]: "PUT",
      [HEADERS]: "X-Auth-Token,X-Evil",
    }, REFUSED),
    preflight("a method that is not allowed", { origin: ORIGIN, [METHOD]: "HEAD" }, REFUSED),
    preflight("methods know upper and lower case", { origin: ORIGIN, [METHOD]: "put" }, REFUSED),
    preflight("an unregistered origin", { origin: "https://evil", [METHOD]: "PUT" }, REFUSED),
    preflight("no method", { origin: ORIGIN }, REFUSED),
    preflight("no origin", { [METHOD]: "PUT" }, REFUSED),
  ]);
});

Deno.test("CORS for every origin, without credentials", async (t) => {
  await using service = await startService({
    "cors.allowed_origin": `*,${ORIGIN}`,
    "cors.allow_credentials": "false",
    "cors.max_age": "7",
  });
  await runTable(t, service, [
    simple("an origin that is listed", "GET /v2/images", ORIGIN, 200, {
      ...ALLOWED,
      "access-control-allow-credentials": null,
    }),
    simple("any other", "GET /v2/images", "https://any", 200, {
      ...ALLOWED,
      "access-control-allow-origin": "*",
      "access-control-allow-credentials": null,
    }),
    preflight("any other", { origin: "https://any", [METHOD]: "GET" }, {
      "access-control-allow-origin": "*",
      "access-control-allow-credentials": null,
      "access-control-max-age": "7",
    }),
  ]);
});

const FORWARDED: { name: string; headers: Record<string, string>; href: string; location: string }[] = [
  {
    name: "X-Forwarded-Proto and -Host",
    headers: { "x-forwarded-proto": "https", "x-forwarded-host": "front:9292" },
    href: "https://front:9292/v2/",
    location: "https://front:9292/v2/images/",
  },
  {
    name: "only X-Forwarded-Proto",
    headers: { "x-forwarded-proto": "https", host: "img:9292" },
    href: "https://img:9292/v2/",
    location: "https://img:9292/v2/images/",
  },
  {
    name: "X-Forwarded-Prefix",
    headers: { "x-forwarded-proto": "https", "x-forwarded-host": "h:9292", "x-forwarded-prefix": "/image" },
    href: "https://h:9292/image/v2/",
    location: "https://h:9292/v2/images/",
  },
  {
    name: "a prefix with a slash behind",
    headers: { "x-forwarded-prefix": "/image/" },
    href: "http://localhost/image/v2/",
    location: "http://localhost/v2/images/",
  },
  {
    name: "Forwarded",
    headers: {
      forwarded: 'for=192.0.2.1; Proto=https ;HOST="front:443", for=10.0.0.1;proto=http;host=inner',
    },
    href: "https://front:443/v2/",
    location: "https://front:443/v2/images/",
  },
  {
    name: "Forwarded hides X-Forwarded-Host and -Proto, not the prefix",
    headers: {
      forwarded: "for=192.0.2.1",
      "x-forwarded-host": "evil",
      "x-forwarded-proto": "https",
      "x-forwarded-prefix": "/image",
    },
    href: "http://localhost/image/v2/",
    location: "http://localhost/v2/images/",
  },
  { name: "none", headers: {}, href: "http://localhost/v2/", location: "http://localhost/v2/images/" },
];

Deno.test("headers of a trusted proxy", async (t) => {
  await using service = await startService({ "oslo_middleware.enable_proxy_headers_parsing": "true" });
  for (const { name, headers, href, location } of FORWARDED) {
    await t.step(name, async () => {
      const { versions } = await (await service.ask("/", null, { headers })).json();
      assert.equal(versions[0].links[0].href, href);
      const made = await service.ask("/v2/images", OWNER, { method: "POST", headers, body: {} });
      const { id, self } = await made.json();
      assert.equal(made.headers.get("location"), `${location}${id}`);
      assert.equal(self, `/v2/images/${id}`);
      const page = await (await service.ask("/v2/images?limit=1", OWNER, { headers })).json();
      assert.deepEqual([page.first, page.next], [
        "/v2/images?limit=1",
        `/v2/images?limit=1&marker=${page.images[0].id}`,
      ]);
      assert.equal((await service.ask("/v2", OWNER, { headers })).headers.get("location"), href);
    });
  }
});

Deno.test("headers of a proxy that nobody trusts", async () => {
  await using service = await startService();
  for (const { headers } of FORWARDED) {
    const made = await service.ask("/v2/images", OWNER, { method: "POST", headers, body: {} });
    const { id } = await made.json();
    assert.equal(made.headers.get("location"), `http://${headers.host ?? "localhost"}/v2/images/${id}`);
  }
});

Deno.test("identity headers of one who may not say so are nothing", async () => {
  await using service = await startService({ "oneglance.identity_headers_from": "192.0.2.1" });
  for (const who of [OWNER, STRANGER]) assert.equal((await service.ask("/v2/images", who)).status, 401);
});
