/** The app and its contract say the same: what is documented is served, what is served is documented. */
import assert from "node:assert/strict";
import type { RouteConfig } from "@hono/zod-openapi";
import { SECURED } from "../../openapi/common.ts";
import { contractDocument, ROUTES } from "../../openapi/document.ts";
import { buildApp } from "../../src/app.ts";
import { fakeKeystone } from "../support/fake_keystone.ts";
import { checkAnswer, routeOf } from "../support/contract.ts";
import { active, sharedWith } from "../support/images.ts";
import { ADMIN, OWNER, startService, STRANGER } from "../support/service.ts";

const routes = ROUTES as readonly RouteConfig[];

Deno.test("operation ids are unique and in camel case", () => {
  const ids = routes.map(({ operationId }) => operationId!);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[a-z][a-zA-Z0-9]*$/);
});

Deno.test("every operation says what it is, what it answers, and whether it wants a token", () => {
  const seen = new Set<string>();
  for (const route of routes) {
    const key = `${route.method} ${route.path}`;
    assert.ok(!seen.has(key), `${key} stands twice`);
    seen.add(key);
    assert.ok(route.summary && route.tags?.length, `${key} has a summary and a tag`);
    assert.deepEqual(route.security, route.path.startsWith("/v2/") ? SECURED : [], `security of ${key}`);
    const named = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const shape = (route.request?.params as { shape?: object } | undefined)?.shape ?? {};
    assert.deepEqual(Object.keys(shape).toSorted(), named.toSorted(), `path parameters of ${key}`);
  }
});

Deno.test("a generated client gives numbers, booleans and lists, and tags beside additional properties", () => {
  const { paths, components } = contractDocument("1");
  const parameters = paths!["/v2/images"]!.get!.parameters as { name: string; schema: { type: string } }[];
  const types = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema.type]));
  const { limit, size_min, tag, sort_key, sort_dir, os_hidden, name } = types;
  assert.deepEqual([limit, size_min, os_hidden, name], ["integer", "integer", "boolean", "string"]);
  assert.deepEqual([tag, sort_key, sort_dir], ["array", "array", "array"]);
  // With a type, TypeScript makes an index signature of it that the lists and numbers beside it do not fit.
  const create = components!.schemas!.ImageCreate as { additionalProperties: Record<string, unknown> };
  assert.deepEqual(Object.keys(create.additionalProperties), ["description"]);
});

Deno.test("any additional property is a filter, which OpenAPI says by an object", async () => {
  const { parameters } = contractDocument("1").paths!["/v2/images"]!.get!;
  const [filter, more] = (parameters as { name: string; style?: string; example: object }[])
    .filter(({ style }) => style !== undefined);
  assert.equal(more, undefined);
  const { name, example, description: _, ...said } = filter as typeof filter & { description: string };
  const schema = { type: "object", additionalProperties: { type: "string" } };
  assert.deepEqual(said, { in: "query", style: "form", explode: true, required: false, schema });
  await using service = await startService();
  const { id } = await service.create(OWNER, { ...example });
  await service.create(OWNER, { os_distro: "another" });
  const list = async (query: string) => {
    const { images } = await (await service.ask(`/v2/images?${query}`, OWNER)).json();
    return images.map((image: { id: string }) => image.id);
  };
  assert.deepEqual(await list(new URLSearchParams({ ...example }).toString()), [id]);
  // Its own name is none that something else is asked by.
  assert.deepEqual(await list(`${name}=x`), []);
});

Deno.test("every route of the contract is bound, and no other", async () => {
  await using service = await startService();
  const bound = new Set(
    buildApp(service.deps).routes.filter(({ method }) => method !== "ALL").map(({ method, path }) =>
      `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`
    ),
  );
  // Two routes are bound for every method, one leads to another path.
  const special = ["GET /", "GET /versions"];
  const documented = new Set(routes.map(({ method, path }) => `${method.toUpperCase()} ${path}`));
  for (const key of documented) assert.ok(bound.has(key) || special.includes(key), `${key} is not bound`);
  for (const key of bound) {
    assert.ok(documented.has(key) || key === "GET /v2", `${key} is not in the contract`);
  }
});

Deno.test("a request to a route of the contract finds a handler", async () => {
  await using service = await startService();
  for (const { method, path, responses } of routes) {
    const response = await service.ask(path.replaceAll(/\{\w+\}/g, "none"), ADMIN, {
      method: method.toUpperCase(),
    });
    const text = await response.text();
    // One route exists only to be refused, and says so.
    if (!responses[405]) assert.notEqual(response.status, 405, `${method} ${path}`);
    assert.notEqual(response.status, 501, `${method} ${path}`);
    if (!path.includes("{") && response.status === 404) {
      assert.ok(!text.includes("The resource could not be found."), `${method} ${path}: ${text}`);
    }
  }
});

Deno.test("answers of a life of an image hold to the contract", async () => {
  await using keystone = fakeKeystone();
  await using service = await startService({
    "keystone_authtoken.auth_url": keystone.url,
    "DEFAULT.show_multiple_locations": "true",
    "DEFAULT.show_image_direct_url": "true",
    "DEFAULT.enabled_backends": "fast:file, web:http",
    "glance_store.default_backend": "fast",
    "fast.filesystem_store_datadir": "{dir}/fast",
    "fast.store_description": "quick",
  });
  const { id } = await active({ kind: "v", tags: ["t"] })(service) as { id: string };
  const shared = (await sharedWith("pending")(service)) as { id: string };
  const asked: [string, typeof OWNER, unknown?][] = [
    ["GET /", OWNER],
    ["GET /versions", OWNER],
    ["GET /healthcheck", OWNER],
    ["GET /healthcheck/ready", OWNER],
    ["GET /openapi.json", OWNER],
    ["POST /v2/images", OWNER, { name: "n", min_ram: 1 }],
    ["GET /v2/images", OWNER],
    ["GET /v2/images?limit=1", OWNER],
    [`GET /v2/images/${id}`, OWNER],
    [`GET /v2/images/${id}/file`, OWNER],
    [`PUT /v2/images/${id}/tags/x`, OWNER],
    [`DELETE /v2/images/${id}/tags/x`, OWNER],
    [`POST /v2/images/${id}/actions/deactivate`, OWNER],
    [`POST /v2/images/${id}/actions/reactivate`, OWNER],
    [`POST /v2/images/${id}/members`, OWNER, { member: "p7" }],
    [`GET /v2/images/${id}/members`, OWNER],
    [`GET /v2/images/${id}/members/p7`, OWNER],
    [`PUT /v2/images/${shared.id}/members/p2`, STRANGER, { status: "accepted" }],
    [`DELETE /v2/images/${id}/members/p7`, OWNER],
    ["GET /v2/info/import", OWNER],
    ["GET /v2/info/stores", OWNER],
    ["GET /v2/info/stores/detail", ADMIN],
    ["GET /v2/schemas/image", OWNER],
    ["GET /v2/schemas/images", OWNER],
    ["GET /v2/schemas/member", OWNER],
    ["GET /v2/schemas/members", OWNER],
    [`DELETE /v2/images/${id}`, OWNER],
  ];
  for (const [ask, who, body] of asked) {
    const [method, path] = ask.split(" ") as [string, string];
    const response = await service.ask(path, who, { method, ...(body ? { body } : {}) });
    const text = await response.text();
    assert.ok(response.ok || response.status === 300, `${ask}: ${response.status} ${text}`);
    assert.ok(routeOf(method, path), `${ask} is in the contract`);
    checkAnswer(method, path, response, text);
  }
});

Deno.test("the document is OpenAPI 3.1 with every operation, and its references lead somewhere", () => {
  const document = contractDocument("1.2.3");
  assert.equal(document.openapi, "3.1.0");
  assert.equal(document.info.version, "1.2.3");
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => `${method} ${path}`)
  );
  assert.deepEqual(operations.toSorted(), routes.map(({ method, path }) => `${method} ${path}`).toSorted());
  const known = document.components as Record<string, Record<string, unknown>>;
  for (
    const [, kind, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)
  ) {
    assert.ok(known[kind!]?.[name!], `${kind}/${name}`);
  }
});
