/** The schema documents of tasks and metadata definitions, word for word but for descriptions: docs/reference/schemas.md §2, §5, §6, §8. */
import assert from "node:assert/strict";
import { METADEF_SCHEMAS } from "../../openapi/metadefs.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { OWNER, startService, type TestService, type Who } from "../support/service.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$";
const text = { type: "string" };
const readOnly = { readOnly: true, type: "string" };
const long = (maxLength: number) => ({ type: "string", maxLength });
const D = "described";

/** The fragment with the words of its descriptions replaced: they are free, but there or not there. */
function bare(fragment: Json): Json {
  if (Array.isArray(fragment)) return fragment.map(bare);
  if (typeof fragment !== "object" || fragment === null) return fragment;
  return Object.fromEntries(
    Object.entries(fragment).map((
      [key, value],
    ) => [key, key === "description" && typeof value === "string" ? D : bare(value)]),
  );
}
const described = (fragment: Json) => ({ ...fragment, description: D });

async function document(service: TestService, path: string): Promise<Json> {
  return bare(await (await service.ask(`/v2/schemas/${path}`, OWNER)).json());
}

const TASK = {
  id: described({ pattern: UUID, type: "string" }),
  type: described({ enum: ["import", "api_image_import", "location_import"], type: "string" }),
  status: described({ enum: ["pending", "processing", "success", "failure"], type: "string" }),
  input: described({ type: ["null", "object"] }),
  result: described({ type: ["null", "object"] }),
  owner: described(text),
  message: described(text),
  image_id: described(text),
  request_id: described(text),
  user_id: described(text),
  expires_at: described({ type: ["null", "string"] }),
  created_at: described(text),
  updated_at: described(text),
  self: readOnly,
  schema: readOnly,
};

Deno.test("task and tasks: no additionalProperties, no first and next, times without a format", async () => {
  await using service = await startService();
  assert.deepEqual(await document(service, "task"), { name: "task", properties: TASK });
  const { input: _i, result: _r, message: _m, ...properties } = TASK;
  assert.deepEqual(await document(service, "tasks"), {
    name: "tasks",
    properties: { tasks: { type: "array", items: { name: "task", properties } }, schema: text },
    links: [{ rel: "describedby", href: "{schema}" }],
  });
});

const TYPES = ["array", "boolean", "integer", "number", "object", "string", null];
const positive = { $ref: "#/definitions/positiveInteger" };
const positive0 = { $ref: "#/definitions/positiveIntegerDefault0" };
const PROP = {
  name: long(80),
  title: text,
  description: text,
  operators: { type: "array", items: text },
  type: { type: "string", enum: TYPES },
  required: { $ref: "#/definitions/stringArray" },
  minimum: { type: "number" },
  maximum: { type: "number" },
  maxLength: positive,
  minLength: positive0,
  pattern: { type: "string", format: "regex" },
  enum: { type: "array" },
  readonly: { type: "boolean" },
  default: {},
  items: { type: "object", properties: { type: { type: "string", enum: TYPES }, enum: { type: "array" } } },
  maxItems: positive,
  minItems: positive0,
  uniqueItems: { type: "boolean", default: false },
  additionalItems: { type: "boolean" },
};
const NUMBERS = {
  positiveInteger: { type: "integer", minimum: 0 },
  positiveIntegerDefault0: { allOf: [positive, { default: 0 }] },
};
const DEFS_A = {
  ...NUMBERS,
  stringArray: { type: "array", items: text, uniqueItems: true },
  property: {
    type: "object",
    additionalProperties: { type: "object", required: ["title", "type"], properties: PROP },
  },
};
const DEFS_B = { ...NUMBERS, stringArray: { type: "array", items: text, minItems: 1, uniqueItems: true } };
const time = described({ type: "string", readOnly: true, format: "date-time" });
const TIMES = { created_at: time, updated_at: time };
const properties = { $ref: "#/definitions/property" };
const required = { $ref: "#/definitions/stringArray" };
const listOf = (parts: Json) => ({ type: "array", items: { type: "object", properties: parts } });

const DOCUMENTS: Record<string, Json> = {
  namespace: {
    name: "namespace",
    properties: {
      namespace: described(long(80)),
      display_name: described(long(80)),
      description: described(long(500)),
      visibility: described({ type: "string", enum: ["public", "private"] }),
      protected: described({ type: "boolean" }),
      owner: described(long(255)),
      ...TIMES,
      schema: readOnly,
      self: readOnly,
      resource_type_associations: listOf({ name: text, prefix: text, properties_target: text }),
      properties,
      objects: listOf({ name: text, description: text, required, properties }),
      tags: listOf({ name: text }),
    },
    additionalProperties: false,
    definitions: DEFS_A,
    required: ["namespace"],
  },
  resource_type: {
    name: "resource_type_association",
    properties: {
      name: described(long(80)),
      prefix: described(long(80)),
      properties_target: described(long(80)),
      ...TIMES,
    },
    additionalProperties: false,
    required: ["name"],
  },
  object: {
    name: "object",
    properties: {
      name: long(80),
      description: text,
      required,
      properties,
      schema: readOnly,
      self: readOnly,
      ...TIMES,
    },
    additionalProperties: false,
    definitions: DEFS_A,
    required: ["name"],
  },
  tag: {
    name: "tag",
    properties: { name: long(80), ...TIMES },
    additionalProperties: false,
    required: ["name"],
  },
  property: {
    name: "property",
    properties: PROP,
    additionalProperties: false,
    definitions: DEFS_B,
    required: ["type", "title", "name"],
  },
};

for (const [name, wanted] of Object.entries(DOCUMENTS)) {
  Deno.test(`metadefs/${name}`, async () => {
    await using service = await startService();
    const found = await document(service, `metadefs/${name}`);
    for (const [key, fragment] of Object.entries(wanted.properties)) {
      assert.deepEqual(found.properties[key], fragment, key);
    }
    assert.deepEqual(found, wanted);
    assert.deepEqual(Object.keys(found.properties), Object.keys(wanted.properties));
  });
}

const ALL = ["task", "tasks", ...Object.keys(METADEF_SCHEMAS).map((name) => `metadefs/${name}`)];
const NO_ROLE: Who = { roles: "nothing", project: "p9" };

Deno.test("GET only, for any token, without a body", async (t) => {
  await using service = await startService();
  await runTable(
    t,
    service,
    ALL.flatMap((name): Row[] => {
      const path = `/v2/schemas/${name}`;
      return [
        { name: "no role", who: NO_ROLE, ask: `GET ${path}`, status: 200 },
        { name: "nobody", who: null, ask: `GET ${path}`, status: 401 },
        { name: "a body", ask: `GET ${path}`, headers: { "content-length": "2" }, status: 400 },
        ...["POST", "PUT", "PATCH", "DELETE", "HEAD"].map((method): Row => ({
          name: "another method",
          ask: `${method} ${path}`,
          status: 405,
          gives: { allow: "GET" },
        })),
      ];
    }),
  );
});
