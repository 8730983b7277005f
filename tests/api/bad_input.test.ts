/**
 * Hostile bodies on every route that takes one: the answer is a refusal of the closed list, and nothing is changed
 * (docs/reference/images-api.md §2.0, §3.7, §6.2).
 */
import assert from "node:assert/strict";
import { queued, sharedWith } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { OWNER, PATCH_TYPE, startService, STRANGER } from "../support/service.ts";

const V20 = "application/openstack-images-v2.0-json-patch";
const LIMIT = 1024 * 1024;
const UNDECODABLE = "could not be decoded by Glance";
const BAD_JSON = "Malformed JSON in request body.";

/** A route that takes JSON, and a body that it would take. */
interface Taker {
  ask: string;
  headers: Record<string, string>;
  given: Row["given"];
  who?: Row["who"];
  good: unknown;
}

const TAKERS: Taker[] = [
  { ask: "POST /v2/images", headers: {}, given: queued(), good: { name: "x" } },
  {
    ask: "PATCH /v2/images/{id}",
    headers: { "content-type": PATCH_TYPE },
    given: queued(),
    good: [{ op: "replace", path: "/name", value: "x" }],
  },
  {
    ask: "PATCH /v2/images/{id}",
    headers: { "content-type": V20 },
    given: queued(),
    good: [{ replace: "/name", value: "x" }],
  },
  { ask: "POST /v2/images/{id}/members", headers: {}, given: queued(), good: { member: "p9" } },
  {
    ask: "PUT /v2/images/{id}/members/p2",
    headers: {},
    given: sharedWith("pending"),
    who: STRANGER,
    good: { status: "accepted" },
  },
];

const bytes = (...values: number[]) => new Uint8Array(values);
const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);
/** The good body with blanks before it, so that it has that many bytes. */
const padded = (good: unknown, size: number) => JSON.stringify(good).padStart(size, " ");

function chunked(text: string, size = 65536): ReadableStream<Uint8Array> {
  const all = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= all.length) return controller.close();
      controller.enqueue(all.subarray(at, at += size));
    },
  });
}

const BODIES: {
  name: string;
  body: (good: unknown) => unknown;
  status: number;
  has?: string;
  headers?: Record<string, string>;
}[] = [
  { name: "an open brace", body: () => "{", status: 400, has: BAD_JSON },
  { name: "an open string", body: () => '{"name": "', status: 400, has: BAD_JSON },
  { name: "a comma too many", body: () => '{"name": "x",}', status: 400, has: BAD_JSON },
  { name: "two documents", body: () => "{} {}", status: 400, has: BAD_JSON },
  { name: "a comment", body: () => "{/**/}", status: 400, has: BAD_JSON },
  { name: "NaN", body: () => '{"min_ram": NaN}', status: 400, has: BAD_JSON },
  { name: "a bare word", body: () => "undefined", status: 400, has: BAD_JSON },
  { name: "only blanks", body: () => "   ", status: 400 },
  { name: "a control character in a string", body: () => '{"name": "a\u0001"}', status: 400, has: BAD_JSON },
  { name: "a NUL byte", body: () => bytes(0), status: 400, has: BAD_JSON },
  { name: "an escaped nothing", body: () => '{"name": "\\x"}', status: 400, has: BAD_JSON },
  { name: "arrays, 101 deep", body: () => nested(101, "[", "]"), status: 400 },
  { name: "arrays, 500,000 deep", body: () => nested(500_000, "[", "]"), status: 400, has: BAD_JSON },
  { name: "arrays that never end", body: () => "[".repeat(1_000_000), status: 400, has: BAD_JSON },
  {
    name: "objects, 100,000 deep",
    body: () => `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
    status: 400,
    has: BAD_JSON,
  },
  {
    name: "no UTF-8",
    body: () => bytes(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
    status: 400,
    has: UNDECODABLE,
  },
  { name: "half a character", body: () => bytes(0x22, 0xc3), status: 400, has: UNDECODABLE },
  { name: "an overlong form", body: () => bytes(0x22, 0xc0, 0xaf, 0x22), status: 400, has: UNDECODABLE },
  {
    name: "a surrogate as UTF-8",
    body: () => bytes(0x22, 0xed, 0xa0, 0x80, 0x22),
    status: 400,
    has: UNDECODABLE,
  },
  { name: "UTF-16", body: () => bytes(0xff, 0xfe, 0x7b, 0, 0x7d, 0), status: 400, has: UNDECODABLE },
  {
    name: "one byte above the limit",
    body: (good) => padded(good, LIMIT + 1),
    status: 413,
    has: "may have up to",
  },
  {
    name: "a declared size above the limit",
    body: (good) => JSON.stringify(good),
    headers: { "content-length": String(LIMIT + 1) },
    status: 413,
  },
  {
    name: "a declared size beyond all numbers",
    body: (good) => JSON.stringify(good),
    headers: { "content-length": "9".repeat(40) },
    status: 413,
  },
  { name: "chunks above the limit", body: (good) => chunked(padded(good, LIMIT + 1)), status: 413 },
  {
    name: "chunks that never end",
    body: () =>
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536).fill(0x20)) }),
    status: 413,
  },
];

Deno.test("bodies that are no JSON, or too much of it", async (t) => {
  await using service = await startService();
  for (const { ask, headers, given, who, good } of TAKERS) {
    await runTable(
      t,
      service,
      BODIES.map(({ name, body, status, has, headers: more }) => ({
        name,
        given: given!,
        ...(who ? { who } : {}),
        ask,
        headers: { ...headers, ...more },
        body: body(good),
        status,
        ...(has === undefined ? {} : { has }),
        ...(status === 413 ? { gives: { connection: "close" } } : {}),
      })),
    );
  }
});

Deno.test("bodies up to the limit are taken, declared or in chunks", async () => {
  await using service = await startService();
  for (const { ask, headers, given, who, good } of TAKERS) {
    for (
      const body of [padded(good, LIMIT), chunked(padded(good, LIMIT)), chunked(JSON.stringify(good), 1)]
    ) {
      const { id } = (await given!(service)) as { id: string };
      const [method, path] = ask.replace("{id}", id).split(" ") as [string, string];
      const response = await service.ask(path, who ?? OWNER, { method, headers, body });
      const text = await response.text();
      assert.ok(response.ok, `${ask}: ${response.status} ${text}`);
    }
  }
});

Deno.test("the limit follows the configuration", async () => {
  await using service = await startService({ "oneglance.max_json_body": "100" });
  for (const [size, status] of [[100, 201], [101, 413]] as const) {
    const answer = await service.ask("/v2/images", OWNER, {
      method: "POST",
      body: padded({ name: "x" }, size),
    });
    assert.equal(answer.status, status, `${size} bytes`);
    await answer.body?.cancel();
  }
});

const posts = (name: string, body: unknown, status: number, more: Partial<Row> = {}): Row => ({
  name,
  ask: "POST /v2/images",
  body,
  status,
  ...more,
});
const patches = (name: string, operation: unknown, status: number, more: Partial<Row> = {}): Row => ({
  name,
  given: queued({ kind: "v" }),
  ask: "PATCH /v2/images/{id}",
  headers: { "content-type": PATCH_TYPE },
  body: typeof operation === "string" ? operation : [operation],
  status,
  ...more,
});
const keeps = (text: string): Row["then"] => async (service, _given, body) => {
  assert.ok(body.includes(text), body);
  const shown = await service.ask(`/v2/images/${JSON.parse(body).id}`, OWNER);
  assert.ok((await shown.text()).includes(text), "and it is shown again");
};

const CONTENT: Row[] = [
  posts("__proto__ is a name like any other", '{"__proto__": "x"}', 201, { then: keeps('"__proto__":"x"')! }),
  posts("__proto__ as an object", '{"__proto__": {"visibility": "public"}}', 400),
  posts("__proto__ with attributes inside", '{"__proto__": {"id": "x", "tags": ["a"]}, "name": "n"}', 400),
  posts("constructor as an object", '{"constructor": {"prototype": {"isAdmin": true}}}', 400),
  posts("of a key twice the last counts", '{"name": "a", "name": "b"}', 201, { json: { name: "b" } }),
  posts("of a read-only key twice", '{"size": 5, "size": 6}', 403),
  posts("a key twice, once in escapes", '{"size": 5, "s\\u0069ze": 6}', 403),
  posts("a reserved key in escapes", '{"os\\u005fglance_x": "y"}', 403),
  posts("lone surrogate: name", '{"name": "\\ud800"}', 400, { has: UNDECODABLE }),
  posts("lone surrogate: tag", '{"tags": ["\\udc00"]}', 400, { has: UNDECODABLE }),
  posts("lone surrogate: property", '{"kind": "a\\ud800b"}', 400, { has: UNDECODABLE }),
  posts("lone surrogate: property name", '{"\\udfff": "x"}', 400, { has: UNDECODABLE }),
  posts("a pair of surrogates in escapes", '{"name": "\\ud83d\\ude00"}', 400, { has: UNDECODABLE }),
  posts("NUL in a name", '{"name": "a\\u0000b"}', 400, { has: UNDECODABLE }),
  posts("NUL in a property", '{"kind": "a\\u0000b"}', 400, { has: UNDECODABLE }),
  posts("NUL in a property name", '{"a\\u0000b": "x"}', 400, { has: UNDECODABLE }),
  posts("NUL in a tag", '{"tags": ["a\\u0000b"]}', 400, { has: UNDECODABLE }),
  posts("other control characters", '{"name": "a\\u0001\\u001f\\u007f\\n"}', 201, {
    json: { name: "a\u0001\u001f\u007f\n" },
  }),
  posts("SQL is text", { name: "'; DROP TABLE images; --" }, 201, {
    json: { name: "'; DROP TABLE images; --" },
  }),
  posts("an id with more behind it", { id: "00000000-0000-4000-8000-000000000000/../x" }, 400),
  posts("an id with a line break behind it", { id: "00000000-0000-4000-8000-000000000000\n" }, 400),
  posts("an id that leads out of the store", { id: "../../../../etc/passwd" }, 400),
  posts("numbers beyond all bounds", '{"min_ram": 1e999}', 400),
  posts("numbers beyond all bounds", '{"min_ram": 99999999999999999999}', 400),
  posts("minus nothing", '{"min_ram": -0}', 201, { json: { min_ram: 0 } }),
  posts("a hundred thousand tags", { tags: Array(100_000).fill("t") }, 413),
  posts(
    "ten thousand properties",
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, "x"])),
    413,
  ),

  patches("__proto__ is a name like any other", '[{"op": "add", "path": "/__proto__", "value": "x"}]', 200, {
    then: keeps('"__proto__":"x"')!,
  }),
  patches("__proto__ of an operation", '[{"__proto__": {"op": "add", "path": "/a", "value": "x"}}]', 400),
  patches(
    "__proto__ of an operation that has one",
    '[{"op": "add", "path": "/a", "__proto__": {"value": "x"}}]',
    400,
  ),
  patches("remove of what every object has", { op: "remove", path: "/constructor" }, 409),
  patches("replace of what every object has", { op: "replace", path: "/toString", value: "x" }, 409),
  patches("replace of what every object has", { op: "replace", path: "/__proto__", value: "x" }, 409),
  patches("a key twice", '[{"op": "add", "op": "remove", "path": "/kind"}]', 200, {
    json: { kind: undefined },
  }),
  patches("lone surrogate", '[{"op": "add", "path": "/a", "value": "\\ud800"}]', 400, { has: UNDECODABLE }),
  patches("lone surrogate in the path", '[{"op": "add", "path": "/\\ud800", "value": "x"}]', 400),
  patches("lone surrogate in the path", '[{"op": "remove", "path": "/\\ud800"}]', 409),
  patches(
    "a read-only path in escapes",
    '[{"op": "replace", "path": "/s\\u0074atus", "value": "active"}]',
    403,
  ),
  patches("a read-only path in blanks", { op: "replace", path: "/ status ", value: "active" }, 403),
  patches("a read-only path behind //", { op: "replace", path: "//status", value: "active" }, 403),
  patches("a reserved path in blanks", { op: "add", path: "/\tos_glance_x", value: "y" }, 403),
  patches("a path of a megabyte", { op: "add", path: `/${"x".repeat(1_000_000)}`, value: "y" }, 400),
  patches("a path of a million slashes", { op: "add", path: "/".repeat(1_000_000), value: "y" }, 400),
  patches(
    "a path of tags, as plain text",
    { op: "add", path: `/a/${"<".repeat(1_000_000)}`, value: "y" },
    400,
    {
      headers: { "content-type": PATCH_TYPE, accept: "" },
    },
  ),
  patches(
    "twenty thousand operations",
    JSON.stringify(Array(20_000).fill({ op: "add", path: "/a", value: "" })),
    200,
  ),

  {
    name: "NUL in a tag of the path",
    given: queued(),
    ask: "PUT /v2/images/{id}/tags/a%00b",
    status: 400,
    has: UNDECODABLE,
  },
  patches("NUL by PATCH", '[{"op": "replace", "path": "/name", "value": "a\\u0000"}]', 400, {
    has: UNDECODABLE,
  }),
  patches("NUL by PATCH", '[{"op": "replace", "path": "/tags", "value": ["a\\u0000"]}]', 400, {
    has: UNDECODABLE,
  }),
  ...['{"member": "\\ud800"}', '{"member": "a\\u0000"}', '{"member": "\\ud83d\\ude00"}'].map((body): Row => ({
    name: "a member that cannot be kept",
    given: queued(),
    ask: "POST /v2/images/{id}/members",
    body,
    status: 400,
    has: UNDECODABLE,
  })),
  {
    name: "__proto__ of a member",
    given: queued(),
    ask: "POST /v2/images/{id}/members",
    body: '{"__proto__": {"member": "p2"}}',
    status: 400,
  },
  {
    name: "__proto__ of a status",
    given: sharedWith("pending"),
    who: STRANGER,
    ask: "PUT /v2/images/{id}/members/p2",
    body: '{"__proto__": {"status": "accepted"}}',
    status: 400,
  },
];

Deno.test("content of JSON that is meant to surprise", async (t) => {
  await using service = await startService();
  await runTable(t, service, CONTENT);
});
