/** Namespaces of metadata definitions, row by row of spec/metadefs-api.md §1, §3, §4, §13. */
import assert from "node:assert/strict";
import { done, FULL, namespace, TEXT } from "../support/metadefs.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER } from "../support/service.ts";

const LIST = "/v2/metadefs/namespaces";
const NS = `${LIST}/{ns}`;
const NO_READER = { roles: "member", project: "p1" };
const NO_ROLE = { roles: "other", project: "p1" };
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function keys(...wanted: string[]): Row["then"] {
  return (_service, _given, body) => assert.deepEqual(Object.keys(JSON.parse(body)), wanted);
}
const create = (name: string, body: unknown, status: number, more: Partial<Row> = {}): Row => ({
  name,
  who: ADMIN,
  ask: `POST ${LIST}`,
  body,
  status,
  ...more,
});
const put = (name: string, body: unknown, status: number, more: Partial<Row> = {}): Row => ({
  name,
  given: namespace(),
  who: ADMIN,
  ask: `PUT ${NS}`,
  body,
  status,
  ...more,
});
const nested = (what: Record<string, unknown>) => ({ namespace: "nested", ...what });
const WITH_PROPERTY = (property: Record<string, unknown>) => nested({ properties: { p: property } });

const CREATE: Row[] = [
  create("only a name (trap 1)", { namespace: "first" }, 201, {
    json: {
      namespace: "first",
      visibility: "private",
      protected: false,
      owner: "admin-project",
      self: `${LIST}/first`,
      schema: "/v2/schemas/metadefs/namespace",
    },
    gives: { location: `http://localhost${LIST}/first`, "content-type": "application/json" },
    then: (_service, _given, body) => {
      const shown = JSON.parse(body);
      assert.deepEqual(Object.keys(shown), [
        "namespace",
        "visibility",
        "protected",
        "owner",
        "created_at",
        "updated_at",
        "self",
        "schema",
      ]);
      assert.match(shown.created_at, TIME);
      assert.match(shown.updated_at, TIME);
    },
  }),
  create("Location can be got as it is (trap 2)", { namespace: "a b?c#d:é%" }, 201, {
    then: async (service, _given, body) => {
      const answer = await done(service, `POST ${LIST}`, { namespace: "x y?z" });
      assert.equal(answer.self, `${LIST}/x y?z`);
      assert.equal(JSON.parse(body).self, `${LIST}/a b?c#d:é%`);
      for (const path of [`${LIST}/x%20y%3Fz`, `${LIST}/a%20b%3Fc%23d:%C3%A9%25`]) {
        assert.equal((await service.ask(path, ADMIN)).status, 200, path);
      }
    },
    gives: { location: `http://localhost${LIST}/a%20b%3Fc%23d:%C3%A9%25` },
  }),
  create("the name is taken (trap 3)", { namespace: "first" }, 409, { has: "first" }),
  create("another case is another name (trap 44)", { namespace: "FIRST" }, 201),
  create("an empty name", { namespace: "" }, 201),
  create("a name of 80", { namespace: "é".repeat(80) }, 201),
  create("a name of 81 (trap 31)", { namespace: "n".repeat(81) }, 400, { has: "at most 80" }),
  create("a description of 500", { namespace: "d500", description: "d".repeat(500) }, 201),
  create("a description of 501 (trap 31)", { namespace: "d501", description: "d".repeat(501) }, 400),
  create("an owner of 256", { namespace: "o", owner: "o".repeat(256) }, 400),
  create("an empty owner", { namespace: "no owner", owner: "" }, 201, { json: { owner: "" } }),
  create("4-byte characters in the name (trap 32)", { namespace: "😀" }, 400),
  create("4-byte characters in a nested name", nested({ tags: [{ name: "😀" }] }), 400),
  create("4-byte characters in the name of a property", nested({ properties: { "😀": TEXT } }), 400),
  create("other characters beyond ASCII are sent as they are", { namespace: "ünï" }, 201, { has: "ünï" }),
  create("no name", {}, 400, {
    has: ["does not match schema 'namespace'", "'namespace' is a required property"],
  }),
  create("an unknown key", { namespace: "x", colour: "red" }, 400, { has: "'colour'" }),
  create("null", { namespace: "x", description: null }, 400, { has: "'description'" }),
  create("another visibility", { namespace: "x", visibility: "shared" }, 400, { has: "public, private" }),
  create("protected as text", { namespace: "x", protected: "true" }, 400),
  ...["created_at", "updated_at", "self", "schema"].map((key) =>
    create("a key that only the service sets (trap 33)", { namespace: "x", [key]: 1, bad: 1 }, 403, {
      has: key,
    })
  ),
  create("no body", undefined, 400),
  create("no JSON", "{", 400),
  create("a scalar", "5", 400),
  create("a list", [], 400),
  create("the media type does not matter", { namespace: "text" }, 201, {
    headers: { "content-type": "text/plain" },
  }),
  create("everything", { namespace: "full", ...FULL }, 201, {
    json: {
      resource_type_associations: [{
        name: "MyResourceType",
        prefix: "MyPrefix",
        properties_target: "image",
      }],
      properties: { property1: { ...TEXT, default: "100" } },
      objects: [{
        name: "object1",
        description: "An object",
        required: ["inner1"],
        properties: { inner1: { ...TEXT, type: "integer", default: "500", minimum: 1, maximum: 900 } },
      }],
      tags: [{ name: "tag1" }, { name: "tag2" }],
    },
    then: keys(
      "namespace",
      "display_name",
      "description",
      "visibility",
      "protected",
      "owner",
      "created_at",
      "updated_at",
      "resource_type_associations",
      "properties",
      "objects",
      "tags",
      "self",
      "schema",
    ),
  }),
  create("empty lists are absent", { namespace: "empty", objects: [], tags: [], properties: {} }, 201, {
    json: { objects: undefined, tags: undefined, properties: undefined },
  }),
  create(
    "an object with what an answer shows",
    {
      namespace: "echo",
      objects: [{ name: "o", self: "s", schema: "c", created_at: "t", updated_at: "t" }],
    },
    201,
    { json: { objects: [{ name: "o", schema: "c", created_at: "t", updated_at: "t" }] } },
  ),
  ...["objects", "tags", "resource_type_associations"].map((kind) =>
    create("the same name twice, nothing is made", nested({ [kind]: [{ name: "d" }, { name: "d" }] }), 409)
  ),
  ...["objects", "tags", "resource_type_associations"].flatMap((kind) => [
    create("without a name", nested({ [kind]: [{}] }), 400, { has: "'name' is a required property" }),
    create("an unknown key inside", nested({ [kind]: [{ name: "a", x: 1 }] }), 400),
    create("a nested name of 81", nested({ [kind]: [{ name: "a".repeat(81) }] }), 400),
  ]),
  create("a property name of 81", nested({ properties: { ["p".repeat(81)]: TEXT } }), 400),
  create("a property without a title", WITH_PROPERTY({ type: "string" }), 400, {
    has: "'properties': 'p': 'title' is a required property",
  }),
  create("a property with required", WITH_PROPERTY({ ...TEXT, required: ["a"] }), 400),
  create("a number in enum", WITH_PROPERTY({ ...TEXT, enum: [1] }), 400),
  create("items without a type", WITH_PROPERTY({ ...TEXT, items: { enum: [] } }), 400),
  create(
    "confidential is taken here",
    {
      namespace: "confidential",
      properties: { p: { ...TEXT, confidential: true } },
    },
    201,
    { json: { properties: { p: { confidential: true } } } },
  ),
  create(
    "a property called as what every object has",
    {
      namespace: "constructor",
      properties: { constructor: TEXT, toString: TEXT },
    },
    201,
    {
      then: async (service) => {
        const shown = await done(service, `GET ${LIST}/constructor`);
        assert.deepEqual(shown.properties, { constructor: TEXT, toString: TEXT });
      },
    },
  ),
  create("the member of a project", { namespace: "m" }, 403, { who: OWNER, has: "add_metadef_namespace" }),
  create("a reader", { namespace: "m" }, 403, { who: READER }),
  create("no reader", { namespace: "m" }, 404, { who: NO_READER }),
  create("nobody", { namespace: "m" }, 401, { who: null }),
  create("a bad body before policy", { bad: 1 }, 400, { who: OWNER }),
];

Deno.test("namespaces: create", async (t) => {
  await using service = await startService();
  await runTable(t, service, CREATE);
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
