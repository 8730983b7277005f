/** Objects and properties of namespaces, row by row of docs/reference/metadefs-api.md §5, §6, §13. */
import assert from "node:assert/strict";
import { done, FULL, namespace, TEXT } from "../support/metadefs.ts";
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
const OBJECT_KEYS = [
  "name",
  "description",
  "required",
  "properties",
  "created_at",
  "updated_at",
  "self",
  "schema",
];
const object = (name: string, body: unknown, status: number, more: Partial<Row> = {}) =>
  row(name, "POST /objects", status, { body, ...more });
const putObject = (name: string, body: unknown, status: number, more: Partial<Row> = {}) =>
  row(name, "PUT /objects/object1", status, { body, ...more });
const inside = (property: Record<string, unknown>) => ({ name: "o", properties: { p: property } });

const OBJECTS: Row[] = [
  row("the list: schema without its slash (trap 22)", "GET /objects", 200, {
    json: { schema: "v2/schemas/metadefs/objects" },
    then: (_service, _given, body) => {
      const { objects } = JSON.parse(body);
      assert.deepEqual(Object.keys(objects[0]), OBJECT_KEYS);
    },
  }),
  row(
    "the list, by name, whatever is asked for (trap 23)",
    "GET /objects?limit=1&marker=none&sort_key=x",
    200,
    {
      given: namespace({ objects: ["b", "c", "a"].map((name) => ({ name })) }),
      then: (_service, _given, body) =>
        assert.deepEqual(JSON.parse(body).objects.map(({ name }: { name: string }) => name), ["a", "b", "c"]),
    },
  ),
  ...["limit=0", "limit=x", "limit=-1", "sort_dir=x", "visibility=x"].map((query) =>
    row("refused although ignored (trap 23)", `GET /objects?${query}`, 400)
  ),
  row("shared is a visibility here", "GET /objects?visibility=shared&sort_dir=asc&limit=5", 200),
  row("a body is ignored", "GET /objects", 200, { headers: { "content-length": "2" } }),
  row("one object (trap 21)", "GET /objects/object1", 200, {
    json: {
      required: ["inner1"],
      schema: "/v2/schemas/metadefs/object",
      self: `${NS}/objects/object1`,
      properties: { inner1: { ...TEXT, type: "integer", default: "500", minimum: 1, maximum: 900 } },
    },
    then: keys(...OBJECT_KEYS),
  }),
  row("one object with nothing in it", "GET /objects/bare", 200, {
    given: namespace({ objects: [{ name: "bare" }] }),
    json: { required: [], properties: {}, description: undefined },
  }),
  row("none there", "GET /objects/none", 404, { has: "none" }),
  row("a body", "GET /objects/object1", 400, { headers: { "content-length": "2" } }),
  row("HEAD", "HEAD /objects/object1", 405, { gives: { allow: "GET, PUT, DELETE" } }),
  row("PUT of the list", "PUT /objects", 405, { body: {}, gives: { allow: "GET, POST, DELETE" } }),
  object("only a name: the response has nothing else", { name: "o" }, 201, {
    then: keys("name", "created_at", "updated_at", "self", "schema"),
  }),
  object("a default becomes text (trap 18)", inside({ ...TEXT, default: 500, minimum: 1.9 }), 201, {
    json: { properties: { p: { default: "500", minimum: 1 } } },
  }),
  object("the name is taken (trap 3)", { name: "object1" }, 409),
  object("a name of 81", { name: "n".repeat(81) }, 400),
  object("4-byte characters", { name: "😀" }, 400),
  object("4-byte characters in what it requires", { name: "o", required: ["😀"] }, 400),
  object("4-byte characters in the name of a property slip through", {
    name: "o",
    properties: { "😀": TEXT },
  }, 201),
  object("required twice the same", { name: "o", required: ["a", "a"] }, 400),
  object("an unknown key", { name: "o", x: 1 }, 400),
  object("an unknown key in a property", inside({ ...TEXT, x: 1 }), 400),
  object("required in a property", inside({ ...TEXT, required: ["a"] }), 400),
  object("confidential is refused here", inside({ ...TEXT, confidential: true }), 400),
  ...["created_at", "updated_at", "self", "schema"].map((key) =>
    object("read-only (trap 33)", { name: "o", [key]: "x" }, 403)
  ),
  object("into a protected namespace", { name: "o" }, 201, { given: namespace({ protected: true }) }),
  object("no such namespace", { name: "o" }, 404, { ask: "POST /v2/metadefs/namespaces/none/objects" }),
  object("the project's own member (trap 7)", { name: "o" }, 403, { who: OWNER, given: namespace() }),
  object("another project (trap 8)", { name: "o" }, 404, { who: STRANGER, given: namespace() }),
  row("what it requires, with a comma, comes back as two", "GET /objects/o", 200, {
    given: namespace({ objects: [{ name: "o", required: ["a,b"] }] }),
    json: { required: ["a", "b"] },
  }),
  putObject("everything is replaced", { name: "new" }, 200, {
    then: async (service, { ns }, body) => {
      assert.equal(JSON.parse(body).self, `/v2/metadefs/namespaces/${ns}/objects/new`);
      const shown = await done(service, `GET /v2/metadefs/namespaces/${ns}/objects/new`);
      assert.deepEqual([shown.required, shown.properties, shown.description], [[], {}, undefined]);
    },
  }),
  putObject("confidential is taken here", { ...inside({ ...TEXT, confidential: true }) }, 200, {
    json: { properties: { p: { confidential: true } } },
  }),
  putObject("an unknown key in a property", inside({ ...TEXT, x: 1 }), 400),
  putObject("a name that is taken", { name: "object2" }, 409, {
    given: namespace({ objects: [{ name: "object1" }, { name: "object2" }] }),
  }),
  putObject("none there", { name: "o" }, 404, { ask: `PUT ${NS}/objects/none` }),
  putObject("in a protected namespace", { name: "object1" }, 200, {
    given: namespace({ ...FULL, protected: true }),
  }),
  putObject("another project's public one", { name: "o" }, 403, { who: STRANGER }),
  row("delete", "DELETE /objects/object1", 204),
  row("delete one that is not there", "DELETE /objects/none", 404),
  row("delete in a protected namespace", "DELETE /objects/object1", 403, {
    given: namespace({ ...FULL, protected: true }),
    has: "protected",
  }),
  row("delete what is not there, in a protected namespace", "DELETE /objects/none", 404, {
    given: namespace({ protected: true }),
  }),
  row("delete all; the key is gone (trap 17)", "DELETE /objects", 204, {
    then: async (service, { ns }) => {
      assert.ok(!("objects" in await done(service, `GET /v2/metadefs/namespaces/${ns}`)));
      await done(service, `DELETE /v2/metadefs/namespaces/${ns}/objects`);
    },
  }),
  row("delete all, with a body", "DELETE /objects", 400, { body: {} }),
  row("delete all in a protected namespace", "DELETE /objects", 403, {
    given: namespace({ protected: true }),
  }),
  row("delete all where there is no namespace (trap 16)", "DELETE /objects", 404, {
    ask: "DELETE /v2/metadefs/namespaces/none/objects",
  }),
];

Deno.test("objects", async (t) => {
  await using service = await startService();
  await runTable(t, service, OBJECTS);
});

const property = (name: string, body: Record<string, unknown>, status: number, more: Partial<Row> = {}) =>
  row(name, "POST /properties", status, { body: { name: "p", ...TEXT, ...body }, ...more });
const putProperty = (name: string, body: Record<string, unknown>, status: number, more: Partial<Row> = {}) =>
  row(name, "PUT /properties/property1", status, { body: { name: "property1", ...TEXT, ...body }, ...more });

const PROPERTIES: Row[] = [
  row("the list by name; a name inside only where it was sent", "GET /properties", 200, {
    given: async (service) => {
      const { ns } = await namespace({ properties: { b: TEXT, a: TEXT } })(service);
      await done(service, `POST /v2/metadefs/namespaces/${ns}/properties`, { name: "c", ...TEXT });
      return { ns: ns! };
    },
    text: '{"properties":{"a":{"type":"string","title":"A title"},"b":{"type":"string","title":"A title"},' +
      '"c":{"name":"c","type":"string","title":"A title"}}}',
  }),
  row("the list of none", "GET /properties?limit=x", 200, { given: namespace(), text: '{"properties":{}}' }),
  row("one: what was sent, and the name (trap 20)", "GET /properties/property1", 200, {
    text: '{"name":"property1","type":"string","title":"A title","default":"100"}',
  }),
  row("another parameter", "GET /properties/property1?foo=bar", 200),
  row(
    "by its name on a type (trap 19)",
    "GET /properties/MyPrefixproperty1?resource_type=MyResourceType",
    200,
    {
      json: { name: "property1" },
    },
  ),
  row("without the prefix (trap 19)", "GET /properties/property1?resource_type=MyResourceType", 404),
  row("on an unknown type", "GET /properties/property1?resource_type=none", 404),
  row("on a type without a prefix", "GET /properties/property1?resource_type=bare", 404, {
    given: namespace({ properties: { property1: TEXT }, resource_type_associations: [{ name: "bare" }] }),
  }),
  row("none there", "GET /properties/none", 404),
  row("a body is ignored", "GET /properties/property1", 200, { headers: { "content-length": "2" } }),
  property(
    "everything, in order",
    {
      additionalItems: true,
      maxItems: 3,
      minItems: 0,
      uniqueItems: true,
      items: { type: "string", enum: ["a"] },
      maxLength: 2.0,
      minLength: 1,
      pattern: "(",
      enum: ["a", null],
      maximum: -0.5,
      minimum: 9.9,
      readonly: false,
      default: true,
      operators: ["<or>"],
      description: "D",
    },
    201,
    {
      json: { maximum: 0, minimum: 9, default: "True", enum: ["a", null], pattern: "(" },
      then: keys(
        "name",
        "type",
        "title",
        "description",
        "operators",
        "default",
        "readonly",
        "minimum",
        "maximum",
        "enum",
        "pattern",
        "minLength",
        "maxLength",
        "items",
        "uniqueItems",
        "minItems",
        "maxItems",
        "additionalItems",
      ),
    },
  ),
  ...([[5, "5"], [1.5, "1.5"], [false, "False"], [[1], null], [{}, null], [null, null], ["é", "é"]] as const)
    .map((
      [sent, shown],
    ) => property(`default ${JSON.stringify(sent)}`, { default: sent }, 201, { json: { default: shown } })),
  property("the name is taken (trap 3)", { name: "property1" }, 409),
  ...([
    [{ name: "n".repeat(81) }, "80"],
    [{ name: "😀" }, ""],
    [{ name: undefined }, "'name' is a required property"],
    [{ title: undefined }, "'title' is a required property"],
    [{ type: undefined }, "'type' is a required property"],
    [{ type: null }, "must be one of array, boolean"],
    [{ type: "text" }, "must be one of array, boolean"],
    [{ title: 1 }, "'title': must be a string"],
    [{ description: null }, "'description'"],
    [{ operators: "<or>" }, "'operators'"],
    [{ readonly: "yes" }, "'readonly'"],
    [{ minimum: "1" }, "'minimum'"],
    [{ minLength: -1 }, "'minLength': must not be negative"],
    [{ maxLength: 1.5 }, "'maxLength': must be a whole number"],
    [{ enum: [1] }, "'enum/0'"],
    [{ items: {} }, "'type' is a required property"],
    [{ items: { type: "string", x: 1 } }, "'x'"],
    [{ items: { type: "string", enum: [1] } }, "'items/enum/0'"],
    [{ uniqueItems: 1 }, "'uniqueItems'"],
    [{ required: ["a"] }, "'required'"],
    [{ confidential: true }, "'confidential'"],
    [{ self: "x" }, "'self'"],
    [{ schema: "x" }, "'schema'"],
  ] as const).map(([body, has]) =>
    property(`refused: ${JSON.stringify(body).slice(0, 40)}`, body, 400, { has: has === "" ? [] : has })
  ),
  property("read-only (trap 33)", { created_at: "x" }, 403),
  property("minimum above maximum: no check across keys", { type: "integer", minimum: 5, maximum: 1 }, 201),
  putProperty("a new name; everything is replaced", { name: "new" }, 200, {
    then: async (service, { ns }) => {
      const shown = await done(service, `GET /v2/metadefs/namespaces/${ns}/properties/new`);
      assert.deepEqual(shown, { name: "new", ...TEXT });
    },
  }),
  putProperty("a name that is taken", { name: "other" }, 409, {
    given: namespace({ properties: { property1: TEXT, other: TEXT } }),
  }),
  putProperty("no name", { name: undefined }, 400),
  putProperty("none there", {}, 404, { ask: `PUT ${NS}/properties/none` }),
  putProperty("the project's own member (trap 7)", {}, 403, { who: OWNER }),
  row("delete", "DELETE /properties/property1", 204),
  row("delete one that is not there", "DELETE /properties/none", 404),
  row("delete with a body", "DELETE /properties/property1", 400, { body: {} }),
  row("delete in a protected namespace", "DELETE /properties/property1", 403, {
    given: namespace({ ...FULL, protected: true }),
  }),
  row("delete all; the key is gone (trap 17)", "DELETE /properties", 204, {
    then: async (service, { ns }) => {
      assert.ok(!("properties" in await done(service, `GET /v2/metadefs/namespaces/${ns}`)));
    },
  }),
  row("delete all in a protected namespace", "DELETE /properties", 403, {
    given: namespace({ protected: true }),
  }),
  row("PATCH", "PATCH /properties/property1", 405, { body: {}, gives: { allow: "GET, PUT, DELETE" } }),
];

Deno.test("properties", async (t) => {
  await using service = await startService();
  await runTable(t, service, PROPERTIES);
});
