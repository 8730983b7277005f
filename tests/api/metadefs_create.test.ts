/** Creating namespaces of metadata definitions (docs/reference/metadefs-api.md §1, §3, §4.2, §13). */
import assert from "node:assert/strict";
import { done, FULL, TEXT } from "../support/metadefs.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService } from "../support/service.ts";

const LIST = "/v2/metadefs/namespaces";
const NO_READER = { roles: "member", project: "p1" };
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
  {
    ...create("another case is another name (trap 44)", { namespace: "FIRST" }, 201),
    onMariadb: { status: 409, has: "FIRST" },
  },
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
