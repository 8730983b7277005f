/** Version discovery and negotiation, row by row of docs/reference/images-api.md §1 and §9.1. */
import assert from "node:assert/strict";
import { buildApp } from "../../src/app.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { OWNER, startService } from "../support/service.ts";

const DOCUMENT = '"versions":[{"id":"v2.';
const choices = (name: string, ask: string, headers: Record<string, string> = {}): Row => ({
  name,
  who: null,
  ask,
  headers,
  status: 300,
  has: DOCUMENT,
  gives: { "content-type": "application/json", "x-openstack-request-id": /^req-/, "www-authenticate": null },
});
const versions = (ask: string): Row => ({ ...choices("versions", ask), status: 200 });
const V2 = "application/vnd.openstack.images-v2";

const ROWS: Row[] = [
  choices("root", "GET /"),
  choices("root by another method", "POST /"),
  choices("root by another method", "DELETE /"),
  choices("root, whatever Accept says", "GET /", { accept: "text/html" }),
  choices("root, no Accept", "GET /", { accept: "" }),
  versions("GET /versions"),
  versions("GET /versions/"),
  versions("GET /versions/anything/else"),
  versions("POST /versions"),
  versions("PATCH /versions"),
  { ...versions("GET /versions"), name: "versions wins over Accept", headers: { accept: V2 } },
  choices("version 1", "GET /v1"),
  choices("version 1", "GET /v1/images"),
  choices("version 1 by POST", "POST /v1/images"),
  choices("unknown version", "GET /v3"),
  choices("unknown version", "GET /v3/images"),
  choices("unknown version", "GET /v10"),
  choices("unknown version", "GET /va.1/x"),
  choices("unknown version", "GET /v2.99/images"),
  choices("a minor that needs a cache", "GET /v2.18/images"),
  choices("a minor that needs several stores", "GET /v2.13/images"),
  choices("no version", "GET /images"),
  choices("no version", "GET /images", { accept: "application/json" }),
  choices("upper case", "GET /V2/images"),
  choices("unknown version in Accept", "GET /images", { accept: "application/vnd.openstack.images-v3" }),
  choices("unknown version in Accept wins over the path", "GET /v2/images", {
    accept: "application/vnd.openstack.images-v9",
  }),
  choices("the whole Accept counts", "GET /images", { accept: `${V2}, */*` }),
  { name: "HEAD: same status, no body", who: null, ask: "HEAD /", status: 300, text: "" },
  { name: "HEAD: same status, no body", who: null, ask: "HEAD /versions", status: 200, text: "" },
  { name: "HEAD: same status, no body", who: null, ask: "HEAD /v1/images", status: 300, text: "" },

  { name: "version in Accept", ask: "GET /images", headers: { accept: V2 }, status: 200, has: '"images":' },
  {
    name: "minor version in Accept",
    ask: "GET /images",
    headers: { accept: `${V2}.7` },
    status: 200,
    has: '"first":"/v2/images"',
  },
  { name: "version twice", ask: "GET /v2/images", headers: { accept: V2 }, status: 404 },
  ...["", ".0", ".1", ".2", ".3", ".4", ".5", ".6", ".7", ".9", ".15", ".17"].map((minor): Row => ({
    name: "accepted version, links say /v2",
    ask: `GET /v2${minor}/images?limit=1`,
    status: 200,
    json: { first: "/v2/images?limit=1", schema: "/v2/schemas/images" },
  })),
  { name: "version in the path needs a token", who: null, ask: "GET /v2.5/images", status: 401 },
  {
    name: "version in Accept needs a token",
    who: null,
    ask: "GET /images",
    headers: { accept: V2 },
    status: 401,
  },

  {
    name: "/v2 leads to /v2/",
    ask: "GET /v2",
    status: 302,
    text: "",
    gives: { location: "http://localhost/v2/", "x-openstack-request-id": /^req-/ },
  },
  {
    name: "/v2 leads to /v2/, without the query",
    ask: "GET /v2?a=b",
    status: 302,
    gives: { location: /\/v2\/$/ },
  },
  { name: "/v2.3 leads to /v2/", ask: "GET /v2.3", status: 302, gives: { location: "http://localhost/v2/" } },
  { name: "/v2/ is nothing", ask: "GET /v2/", status: 404 },
  { name: "/v2 without a token", who: null, ask: "GET /v2", status: 401 },
  { name: "/v2 without a token, by POST", who: null, ask: "POST /v2", status: 401 },
  { name: "/v2/ without a token", who: null, ask: "GET /v2/", status: 401 },
];

Deno.test("version negotiation", async (t) => {
  await using service = await startService();
  await runTable(t, service, ROWS);
});

/** As curl --path-as-is sends them, and clients whose endpoint ends with a slash. */
const SLASHES: [path: string, status: number, headers?: Record<string, string>][] = [
  ...["//", "///", "//v1//images", "//images", "/healthcheck/", "//healthcheck//"].map((path) =>
    [path, 300] as [string, number]
  ),
  ...["//versions", "/versions//", "//versions//x", "//healthcheck", "//openapi.json"].map((path) =>
    [path, 200] as [string, number]
  ),
  ...["//v2/images", "/v2//images", "///v2///images", "//v2.5//images", "/%2Fv2%2f%2Fimages"].map((path) =>
    [path, 200] as [string, number]
  ),
  ["//images", 200, { accept: V2 }],
  // One slash at the end is part of the path.
  ["/v2/images/", 404],
  ["//v2//images//", 404],
  ["/v2//", 404],
];

Deno.test("slashes in a row are one, for versions, rights and routes; one at the end stays", async () => {
  await using service = await startService();
  const app = buildApp(service.deps);
  const asked: string[] = [];
  const { auth } = service.deps;
  const identify = auth.identify.bind(auth);
  auth.identify = (request) => {
    asked.push(request.path);
    return identify(request);
  };
  const identity = { "x-identity-status": "Confirmed", "x-roles": "reader", "x-project-id": "p1" };
  for (const [path, status, headers] of SLASHES) {
    const ask = (more: Record<string, string>) =>
      app.fetch(new Request(`http://localhost${path}`, { headers: { ...headers, ...more } }), {
        peer: "127.0.0.1",
      });
    const answer = await ask(identity);
    assert.equal(answer.status, status, path);
    await answer.body?.cancel();
    const stranger = await ask({});
    assert.equal(stranger.status, /v2|^\/\/images/.test(path) && status !== 300 ? 401 : status, path);
    await stranger.body?.cancel();
  }
  assert.deepEqual(asked.filter((path) => /\/\/|%2f/i.test(path)), [], "what access rules are compared with");
});

const MULTI = {
  "DEFAULT.enabled_backends": "fast:file",
  "glance_store.default_backend": "fast",
  "fast.filesystem_store_datadir": "{dir}/fast",
};
const CACHE = { "DEFAULT.image_cache_dir": "{dir}/cache" };
const LOW = [7, 6, 5, 4, 3, 2, 1, 0];
const ORDERS = [
  { name: "neither cache nor stores", options: {}, current: 17, minors: [15, 9, 17, ...LOW] },
  { name: "stores", options: MULTI, current: 17, minors: [15, 13, 12, 11, 10, 9, 8, 17, ...LOW] },
  { name: "cache", options: CACHE, current: 18, minors: [18, 17, 16, 15, 14, 9, ...LOW] },
  {
    name: "both",
    options: { ...MULTI, ...CACHE },
    current: 18,
    minors: [18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, ...LOW],
  },
];

for (const { name, options, current, minors } of ORDERS) {
  Deno.test(`the version document: ${name}`, async () => {
    await using service = await startService(options);
    const response = await service.ask("/", null);
    const wanted = minors.map((minor) => ({
      id: `v2.${minor}`,
      status: minor === current ? "CURRENT" : "SUPPORTED",
      links: [{ rel: "self", href: "http://localhost/v2/" }],
    }));
    assert.equal(await response.text(), JSON.stringify({ versions: wanted }));
    for (const { id } of wanted) {
      assert.equal((await service.ask(`/${id}/images`, OWNER)).status, 200, id);
    }
    for (let minor = 0; minor < 20; minor++) {
      if (minors.includes(minor)) continue;
      assert.equal((await service.ask(`/v2.${minor}/images`, OWNER)).status, 300, `v2.${minor}`);
    }
  });
}

const HREFS: {
  name: string;
  options?: Record<string, string>;
  headers?: Record<string, string>;
  href: string;
}[] = [
  { name: "from the request", headers: { host: "img.example:9292" }, href: "http://img.example:9292/v2/" },
  { name: "public_endpoint", options: { "DEFAULT.public_endpoint": "https://pub" }, href: "https://pub/v2/" },
  {
    name: "public_endpoint with /",
    options: { "DEFAULT.public_endpoint": "https://pub/" },
    href: "https://pub/v2/",
  },
  {
    name: "public_endpoint with a path",
    options: { "DEFAULT.public_endpoint": "https://pub/image" },
    href: "https://pub/image/v2/",
  },
  {
    name: "proxy headers that are not trusted",
    headers: { "x-forwarded-proto": "https", "x-forwarded-host": "evil", "x-forwarded-prefix": "/p" },
    href: "http://localhost/v2/",
  },
];

for (const { name, options, headers, href } of HREFS) {
  Deno.test(`the version document's links: ${name}`, async () => {
    await using service = await startService(options);
    for (const path of ["/", "/versions", "/v1/images"]) {
      const { versions } = await (await service.ask(path, null, { headers: headers ?? {} })).json();
      for (const { links } of versions) assert.deepEqual(links, [{ rel: "self", href }]);
    }
  });
}
