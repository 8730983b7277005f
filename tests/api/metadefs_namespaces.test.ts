/** Namespaces of metadata definitions: show, update, delete (docs/reference/metadefs-api.md §3, §4, §13). */
import assert from "node:assert/strict";
import { done, FULL, namespace, TEXT } from "../support/metadefs.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER } from "../support/service.ts";

const LIST = "/v2/metadefs/namespaces";
const NS = `${LIST}/{ns}`;
const NO_READER = { roles: "member", project: "p1" };
const NO_ROLE = { roles: "other", project: "p1" };

function keys(...wanted: string[]): Row["then"] {
  return (_service, _given, body) => assert.deepEqual(Object.keys(JSON.parse(body)), wanted);
}
const put = (name: string, body: unknown, status: number, more: Partial<Row> = {}): Row => ({
  name,
  given: namespace(),
  who: ADMIN,
  ask: `PUT ${NS}`,
  body,
  status,
  ...more,
});
const SHOW: Row[] = [
  {
    name: "all that is in it, times of objects and associations, newest tag first",
    given: namespace(FULL),
    ask: `GET ${NS}`,
    status: 200,
    then: (_service, { ns }, body) => {
      const shown = JSON.parse(body);
      assert.deepEqual(Object.keys(shown.objects[0]), [
        "name",
        "description",
        "required",
        "properties",
        "created_at",
        "updated_at",
        "self",
        "schema",
      ]);
      assert.equal(shown.objects[0].self, `${LIST}/${ns}/objects/object1`);
      assert.deepEqual(Object.keys(shown.resource_type_associations[0]), [
        "name",
        "prefix",
        "properties_target",
        "created_at",
        "updated_at",
      ]);
      assert.deepEqual(shown.tags, [{ name: "tag2" }, { name: "tag1" }]);
      assert.deepEqual(shown.properties, { property1: { ...TEXT, default: "100" } });
    },
  },
  {
    name: "names with the prefix of a type",
    given: namespace(FULL),
    ask: `GET ${NS}?resource_type=MyResourceType`,
    status: 200,
    then: (_service, _given, body) => {
      const { properties, objects: [object] } = JSON.parse(body);
      assert.deepEqual(Object.keys(properties), ["MyPrefixproperty1"]);
      assert.deepEqual(Object.keys(object.properties), ["MyPrefixinner1"]);
      assert.deepEqual(object.required, ["MyPrefixinner1"]);
      assert.equal(object.name, "object1");
    },
  },
  ...["resource_type=other", "resource_type=", "resource_type=None", "foo=bar"].map((query): Row => ({
    name: "no such type, or another parameter (trap 43)",
    given: namespace(FULL),
    ask: `GET ${NS}?${query}`,
    status: 200,
    then: (_service, _given, body) =>
      assert.deepEqual(Object.keys(JSON.parse(body).properties), ["property1"]),
  })),
  { name: "a visibility that is none", given: namespace(), ask: `GET ${NS}?visibility=x`, status: 400 },
  { name: "no such namespace", ask: `GET ${LIST}/none`, status: 404, has: "none" },
  { name: "a body", given: namespace(), ask: `GET ${NS}`, headers: { "content-length": "2" }, status: 400 },
  { name: "HEAD", given: namespace(), ask: `HEAD ${NS}`, status: 405, gives: { allow: "GET, PUT, DELETE" } },
  { name: "HEAD of the list (trap 41)", ask: `HEAD ${LIST}`, status: 405, gives: { allow: "GET, POST" } },
  { name: "PATCH", given: namespace(), ask: `PATCH ${NS}`, body: {}, status: 405 },
  { name: "OPTIONS", ask: `OPTIONS ${LIST}`, status: 200, text: "" },
  { name: "a slash at the end", ask: `GET ${LIST}/`, status: 404 },
  { name: "an encoded slash", ask: `GET ${LIST}/a%2Fb`, status: 404 },
];

Deno.test("namespaces: show", async (t) => {
  await using service = await startService();
  await runTable(t, service, SHOW);
});

const UPDATE: Row[] = [
  put(
    "the whole answer (trap 6)",
    {
      namespace: "{ns}",
      display_name: "D",
      description: "T",
      visibility: "public",
      protected: false,
      owner: "p9",
    },
    200,
    {
      json: { display_name: "D", description: "T", visibility: "public", protected: false, owner: "p9" },
      then: keys(
        "namespace",
        "display_name",
        "description",
        "visibility",
        "protected",
        "owner",
        "created_at",
        "updated_at",
        "self",
        "schema",
      ),
    },
  ),
  put(
    "what is not said is reset (trap 5), what is in it stays",
    { namespace: "{ns}", protected: false },
    200,
    {
      given: namespace(FULL),
      json: {
        visibility: "private",
        owner: "admin-project",
        display_name: undefined,
        description: undefined,
        objects: undefined,
      },
      then: async (service, { ns }) => {
        const shown = await done(service, `GET ${LIST}/${ns}`);
        assert.equal((shown.objects as unknown[]).length, 1);
        assert.equal(shown.description, undefined);
      },
    },
  ),
  put("an empty owner is reset, too", { namespace: "{ns}", owner: "" }, 200, {
    json: { owner: "admin-project" },
  }),
  put("the answer has the old time of change", { namespace: "{ns}" }, 200, {
    given: async (service) => {
      const { ns } = await namespace()(service);
      const shown = await done(service, `GET ${LIST}/${ns}`);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      return { ns: ns!, old: String(shown.updated_at) };
    },
    json: { updated_at: "{old}" },
    then: async (service, { ns, old }) => {
      assert.notEqual((await done(service, `GET ${LIST}/${ns}`)).updated_at, old);
    },
  }),
  put("a new name; what is in it comes along", { namespace: "renamed" }, 200, {
    given: namespace(FULL),
    json: { namespace: "renamed", self: `${LIST}/renamed` },
    then: async (service, { ns }) => {
      assert.equal((await service.ask(`${LIST}/${ns}`, ADMIN)).status, 404);
      const { objects } = await done(service, `GET ${LIST}/renamed/objects`);
      assert.equal((objects as { self: string }[])[0]!.self, `${LIST}/renamed/objects/object1`);
    },
  }),
  put("a name that is taken", { namespace: "renamed" }, 409),
  put(
    "the nested parts as they were shown are taken, and ignored",
    {
      namespace: "{ns}",
      objects: [{
        name: "o",
        self: "s",
        schema: "c",
        created_at: "t",
        updated_at: "t",
        required: [],
        properties: {},
      }],
      resource_type_associations: [{ name: "r", created_at: "t", updated_at: "t" }],
      tags: [{ name: "t" }],
      properties: { p: { ...TEXT, default: null } },
    },
    200,
    {
      then: async (service, { ns }) => {
        const shown = await done(service, `GET ${LIST}/${ns}`);
        for (const key of ["objects", "tags", "properties", "resource_type_associations"]) {
          assert.ok(!Object.hasOwn(shown, key), key);
        }
      },
    },
  ),
  put("nested parts are checked", { namespace: "{ns}", objects: [{}] }, 400),
  put("no name", { protected: true }, 400),
  put("read-only keys (trap 33)", { namespace: "{ns}", self: "x" }, 403),
  put("none there", { namespace: "x" }, 404, { ask: `PUT ${LIST}/none` }),
  put("the project's own member (trap 7)", { namespace: "{ns}" }, 403, { who: OWNER }),
  put("the project's own reader", { namespace: "{ns}" }, 403, { who: READER }),
  put("another project, private (trap 8)", { namespace: "{ns}" }, 404, { who: STRANGER }),
  put("another project, public", { namespace: "{ns}" }, 403, {
    who: STRANGER,
    given: namespace({ visibility: "public" }),
  }),
  put("no reader", { namespace: "{ns}" }, 404, {
    who: NO_READER,
    given: namespace({ visibility: "public" }),
  }),
];

Deno.test("namespaces: update", async (t) => {
  await using service = await startService();
  await runTable(t, service, UPDATE);
});

const DELETE: Row[] = [
  {
    name: "with all that is in it; resource types stay (trap 29)",
    given: namespace(FULL),
    who: ADMIN,
    ask: `DELETE ${NS}`,
    status: 204,
    text: "",
    gives: { "content-type": "text/html; charset=UTF-8" },
    then: async (service, { ns }) => {
      for (const path of ["", "/objects", "/properties", "/tags", "/resource_types"]) {
        assert.equal((await service.ask(`${LIST}/${ns}${path}`, ADMIN)).status, 404);
      }
      const { resource_types: types } = await done(service, "GET /v2/metadefs/resource_types");
      assert.deepEqual((types as { name: string }[]).map(({ name }) => name), ["MyResourceType"]);
    },
  },
  {
    name: "protected (trap 4)",
    given: namespace({ protected: true }),
    who: ADMIN,
    ask: `DELETE ${NS}`,
    status: 403,
    has: "protected",
    then: async (service, { ns }) => {
      await done(service, `PUT ${LIST}/${ns}`, { namespace: ns, protected: false });
      await done(service, `DELETE ${LIST}/${ns}`);
    },
  },
  { name: "none there", who: ADMIN, ask: `DELETE ${LIST}/none`, status: 404 },
  { name: "a body", given: namespace(), who: ADMIN, ask: `DELETE ${NS}`, body: {}, status: 400 },
  {
    name: "the project's own member (trap 7)",
    given: namespace(),
    who: OWNER,
    ask: `DELETE ${NS}`,
    status: 403,
  },
  { name: "another project's (trap 8)", given: namespace(), who: STRANGER, ask: `DELETE ${NS}`, status: 404 },
  { name: "no role", given: namespace(), who: NO_ROLE, ask: `DELETE ${NS}`, status: 404 },
];

Deno.test("namespaces: delete", async (t) => {
  await using service = await startService();
  await runTable(t, service, DELETE);
});
