/** Tags and resource types of namespaces, row by row of docs/reference/metadefs-api.md §7, §8, §13. */
import assert from "node:assert/strict";
import { done, FULL, namespace } from "../support/metadefs.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService, STRANGER } from "../support/service.ts";

const NS = "/v2/metadefs/namespaces/{ns}";

const row = (name: string, ask: string, status: number, more: Partial<Row> = {}): Row => ({
  name,
  given: namespace(FULL),
  who: ADMIN,
  ask: ask.replace(" ", ` ${NS}`),
  status,
  ...more,
});
const keys = (...wanted: string[]): Row["then"] => (_service, _given, body) =>
  assert.deepEqual(Object.keys(JSON.parse(body)), wanted);
const now = (...wanted: string[]): Row["then"] => async (service, { ns }) => {
  const { tags } = await done(service, `GET /v2/metadefs/namespaces/${ns}/tags`);
  assert.deepEqual((tags as { name: string }[]).map(({ name }) => name), wanted);
};
const list = (query: string, ...wanted: string[]) =>
  row("list", `GET /tags${query}`, 200, { text: JSON.stringify({ tags: wanted.map((name) => ({ name })) }) });
const many = (name: string, tags: unknown, status: number, more: Partial<Row> = {}) =>
  row(name, "POST /tags", status, { body: { tags }, ...more });
const APPEND = { "X-Openstack-Append": "True" };
const TAGS = [{ name: "b" }, { name: "a" }];

const ROWS: Row[] = [
  list("", "tag2", "tag1"),
  list("?sort_dir=asc", "tag1", "tag2"),
  list("?sort_key=name&sort_dir=asc", "tag1", "tag2"),
  list("?sort_key=updated_at", "tag2", "tag1"),
  list("?sort_key=id", "tag2", "tag1"),
  list("?limit=1", "tag2"),
  list("?limit=1&marker=tag2", "tag1"),
  list("?limit=0"),
  list("?limit=&marker=&visibility=shared", "tag2", "tag1"),
  row("no such marker", "GET /tags?marker=none", 404),
  ...["limit=-1", "limit=x", "sort_key=x", "sort_dir=x", "visibility=x"].map((query) =>
    row("refused", `GET /tags?${query}`, 400)
  ),
  row("one tag (trap 24)", "GET /tags/tag1", 200, { then: keys("name", "created_at", "updated_at") }),
  row("none there", "GET /tags/none", 404),
  row("HEAD", "HEAD /tags/tag1", 405, { gives: { allow: "GET, POST, PUT, DELETE" } }),
  row("PUT of the list", "PUT /tags", 405, { body: {}, gives: { allow: "GET, POST, DELETE" } }),
  row("add one", "POST /tags/new%20one", 201, {
    json: { name: "new one" },
    then: now("new one", "tag2", "tag1"),
  }),
  row("add one with a body, even an empty one (trap 28)", "POST /tags/new", 400, { body: {} }),
  row("add one that is there", "POST /tags/tag1", 409),
  row("add one with a name of 81", `POST /tags/${"t".repeat(81)}`, 400),
  row("add one with 4-byte characters", "POST /tags/%F0%9F%98%80", 400),
  row("add one, no namespace and a long name", "POST /tags/x", 404, {
    ask: `POST /v2/metadefs/namespaces/none/tags/${"t".repeat(81)}`,
  }),
  row("add one, a long name and no right", `POST /tags/${"t".repeat(81)}`, 400, { who: OWNER }),
  many("many replace all (trap 26)", TAGS, 201, {
    text: JSON.stringify({ tags: TAGS }),
    then: now("a", "b"),
  }),
  ...["true", "1", "T", "YES", "y", "On"].map((text) =>
    many("many, appended (trap 26)", TAGS, 201, {
      headers: { "X-Openstack-Append": text },
      then: now("a", "b", "tag2", "tag1"),
    })
  ),
  many("anything else replaces", TAGS, 201, {
    headers: { "X-Openstack-Append": "False" },
    then: now("a", "b"),
  }),
  many("appended, one is there (trap 26)", [{ name: "a" }, { name: "tag1" }], 409, {
    headers: APPEND,
    then: now("tag2", "tag1"),
  }),
  many("replaced, one twice (trap 25)", [{ name: "a" }, { name: "a" }], 409, { then: now("tag2", "tag1") }),
  many("replaced, one was there", [{ name: "tag1" }], 201, { then: now("tag1") }),
  many("none: nothing is deleted (trap 27)", [], 201, { text: '{"tags":[]}', then: now("tag2", "tag1") }),
  many("replaced in a protected namespace", TAGS, 201, {
    given: namespace({ ...FULL, protected: true }),
    then: now("a", "b"),
  }),
  many("without a name", [{}], 400),
  many("with more than a name", [{ name: "a", x: 1 }], 400),
  many("a name of 81", [{ name: "t".repeat(81) }], 400),
  row("without tags", "POST /tags", 400, { body: {}, has: "'tags' is a required property" }),
  row("another key", "POST /tags", 400, { body: { tags: [], x: 1 } }),
  many("no right", TAGS, 403, { who: OWNER }),
  many("no right to see it", TAGS, 404, { who: STRANGER, given: namespace() }),
  row("rename", "PUT /tags/tag1", 200, {
    body: { name: "renamed" },
    json: { name: "renamed" },
    then: now("tag2", "renamed"),
  }),
  row("rename to one that is there", "PUT /tags/tag1", 409, { body: { name: "tag2" } }),
  row("rename, no name", "PUT /tags/tag1", 400, { body: {} }),
  row("rename, another key", "PUT /tags/tag1", 400, { body: { name: "a", x: 1 } }),
  row("rename, read-only", "PUT /tags/tag1", 403, { body: { name: "a", created_at: "x" } }),
  row("rename, none there", "PUT /tags/none", 404, { body: { name: "a" } }),
  row("delete", "DELETE /tags/tag1", 204, { then: now("tag2") }),
  row("delete one that is not there", "DELETE /tags/none", 404),
  row("delete with a body", "DELETE /tags/tag1", 400, { body: {} }),
  row("delete in a protected namespace", "DELETE /tags/tag1", 403, {
    given: namespace({ ...FULL, protected: true }),
  }),
  row("delete all; the key is gone (trap 17)", "DELETE /tags", 204, {
    then: async (service, { ns }) => {
      assert.ok(!("tags" in await done(service, `GET /v2/metadefs/namespaces/${ns}`)));
    },
  }),
  row("delete all in a protected namespace", "DELETE /tags", 403, { given: namespace({ protected: true }) }),
];

Deno.test("tags", async (t) => {
  await using service = await startService();
  await runTable(t, service, ROWS);
});

const TYPES = "/v2/metadefs/resource_types";
const associate = (name: string, body: unknown, status: number, more: Partial<Row> = {}) =>
  row(name, "POST /resource_types", status, { given: namespace(), body, ...more });
const names = async (service: Parameters<NonNullable<Row["then"]>>[0]) =>
  ((await done(service, `GET ${TYPES}`)).resource_types as { name: string }[]).map(({ name }) => name);

const RESOURCE_TYPES: Row[] = [
  { name: "no types yet", who: OWNER, ask: `GET ${TYPES}`, status: 200, text: '{"resource_types":[]}' },
  associate(
    "an unknown type becomes known, the response omits what is not set (trap 40)",
    { name: "T 1" },
    201,
    {
      then: keys("name", "created_at", "updated_at"),
    },
  ),
  associate("with prefix and target", { name: "T 2", prefix: "hw:", properties_target: "image" }, 201, {
    json: { prefix: "hw:", properties_target: "image" },
    then: async (service) => assert.deepEqual(await names(service), ["T 1", "T 2"]),
  }),
  associate("a known type of another namespace", { name: "T 1" }, 201),
  associate("an empty name", { name: "" }, 201),
  associate("twice, with another prefix", { name: "MyResourceType", prefix: "x" }, 409, {
    given: namespace(FULL),
  }),
  associate("a name of 81", { name: "n".repeat(81) }, 400),
  associate("a prefix of 81", { name: "n", prefix: "n".repeat(81) }, 400),
  associate("an unknown key", { name: "n", x: 1 }, 400),
  associate("read-only", { name: "n", updated_at: "x" }, 403),
  associate("no right", { name: "n" }, 403, { who: OWNER }),
  associate("another project", { name: "n" }, 404, { who: STRANGER }),
  row("the associations", "GET /resource_types", 200, {
    then: (_service, _given, body) => {
      const { resource_type_associations: [first] } = JSON.parse(body);
      assert.deepEqual(Object.keys(first), [
        "name",
        "prefix",
        "properties_target",
        "created_at",
        "updated_at",
      ]);
    },
  }),
  row("no association", "GET /resource_types?x=y", 200, {
    given: namespace(),
    text: '{"resource_type_associations":[]}',
  }),
  row("another project's private ones", "GET /resource_types", 404, { who: STRANGER, given: namespace() }),
  row("the last one goes, the type stays (trap 29)", "DELETE /resource_types/MyResourceType", 204, {
    then: async (service, { ns }) => {
      const { resource_type_associations: left } = await done(
        service,
        `GET /v2/metadefs/namespaces/${ns}/resource_types`,
      );
      assert.deepEqual(left, []);
      assert.ok((await names(service)).includes("MyResourceType"));
    },
  }),
  row("not associated", "DELETE /resource_types/none", 404),
  row("in a protected namespace", "DELETE /resource_types/MyResourceType", 403, {
    given: namespace({ ...FULL, protected: true }),
  }),
  row("with a body", "DELETE /resource_types/MyResourceType", 400, { body: {} }),
  row("GET of one association", "GET /resource_types/x", 405, { gives: { allow: "DELETE" } }),
  {
    name: "POST of a type",
    who: ADMIN,
    ask: `POST ${TYPES}`,
    body: {},
    status: 405,
    gives: { allow: "GET" },
  },
  { name: "one type", who: ADMIN, ask: `GET ${TYPES}/x`, status: 404 },
  {
    name: "all types, to any reader (trap 30)",
    who: STRANGER,
    ask: `GET ${TYPES}`,
    status: 200,
    then: (_service, _given, body) => {
      const { resource_types: types } = JSON.parse(body);
      assert.deepEqual(types.map(({ name }: { name: string }) => name), ["T 1", "T 2", "", "MyResourceType"]);
      assert.deepEqual(Object.keys(types[0]), ["name", "created_at", "updated_at"]);
    },
  },
  { name: "without reader", who: { roles: "member", project: "p1" }, ask: `GET ${TYPES}`, status: 404 },
];

Deno.test("resource types", async (t) => {
  await using service = await startService();
  await runTable(t, service, RESOURCE_TYPES);
});
