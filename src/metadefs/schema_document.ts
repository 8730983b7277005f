/** The documents of /v2/schemas/metadefs (docs/reference/schemas.md §6); key order is upstream's. */

type Json = Record<string, unknown>;

const TYPE = { type: "string", enum: ["array", "boolean", "integer", "number", "object", "string", null] };
const POSITIVE = { $ref: "#/definitions/positiveInteger" };
const FROM_ZERO = { $ref: "#/definitions/positiveIntegerDefault0" };
const TEXTS = { $ref: "#/definitions/stringArray" };

/** The keys of a property's definition. */
const PROPERTY: Json = {
  name: { type: "string", maxLength: 80 },
  title: { type: "string" },
  description: { type: "string" },
  operators: { type: "array", items: { type: "string" } },
  type: TYPE,
  required: TEXTS,
  minimum: { type: "number" },
  maximum: { type: "number" },
  maxLength: POSITIVE,
  minLength: FROM_ZERO,
  pattern: { type: "string", format: "regex" },
  enum: { type: "array" },
  readonly: { type: "boolean" },
  default: {},
  items: { type: "object", properties: { type: TYPE, enum: { type: "array" } } },
  maxItems: POSITIVE,
  minItems: FROM_ZERO,
  uniqueItems: { type: "boolean", default: false },
  additionalItems: { type: "boolean" },
};

const INTEGERS: Json = {
  positiveInteger: { type: "integer", minimum: 0 },
  positiveIntegerDefault0: { allOf: [POSITIVE, { default: 0 }] },
};

/** For namespaces and objects. */
const DEFINITIONS: Json = {
  ...INTEGERS,
  stringArray: { type: "array", items: { type: "string" }, uniqueItems: true },
  property: {
    type: "object",
    additionalProperties: { type: "object", required: ["title", "type"], properties: PROPERTY },
  },
};

/** For properties. */
const PROPERTY_DEFINITIONS: Json = {
  ...INTEGERS,
  stringArray: { type: "array", items: { type: "string" }, minItems: 1, uniqueItems: true },
};

const time = (description: string) => ({ type: "string", readOnly: true, format: "date-time", description });
const TIMES: Json = {
  created_at: time("When it was created"),
  updated_at: time("When it was last changed"),
};
const LINK = { readOnly: true, type: "string" };
const PROPERTIES = { $ref: "#/definitions/property" };
const named = (maxLength?: number) => ({ type: "string", ...(maxLength === undefined ? {} : { maxLength }) });

const NAMESPACE: Json = {
  namespace: { ...named(80), description: "The unique name of the namespace" },
  display_name: { ...named(80), description: "A name for people, shown in dashboards" },
  description: { ...named(500), description: "What this namespace defines" },
  visibility: { type: "string", enum: ["public", "private"], description: "Who may see it" },
  protected: { type: "boolean", description: "If true, neither it nor its contents can be deleted" },
  owner: { ...named(255), description: "Project that owns it" },
  ...TIMES,
  schema: LINK,
  self: LINK,
  resource_type_associations: {
    type: "array",
    items: {
      type: "object",
      properties: { name: named(), prefix: named(), properties_target: named() },
    },
  },
  properties: PROPERTIES,
  objects: {
    type: "array",
    items: {
      type: "object",
      properties: { name: named(), description: named(), required: TEXTS, properties: PROPERTIES },
    },
  },
  tags: { type: "array", items: { type: "object", properties: { name: named() } } },
};

const ASSOCIATION: Json = {
  name: { ...named(80), description: "Type of resource, by its name in Heat if it has one" },
  prefix: { ...named(80), description: "Prefix of property names on such a resource" },
  properties_target: {
    ...named(80),
    description: "Which of several property sets of the resource",
  },
  ...TIMES,
};

const OBJECT: Json = {
  name: named(80),
  description: named(),
  required: TEXTS,
  properties: PROPERTIES,
  schema: LINK,
  self: LINK,
  ...TIMES,
};

const TAG: Json = { name: named(80), ...TIMES };

const LINKS = [
  { rel: "first", href: "{first}" },
  { rel: "next", href: "{next}" },
  { rel: "describedby", href: "{schema}" },
];

function single(name: string, properties: Json, required: string[], definitions?: Json): Json {
  return {
    name,
    properties,
    additionalProperties: false,
    ...(definitions ? { definitions } : {}),
    required,
  };
}

/** `items`: the single form, in a list or by name in an object. */
function collection(name: string, items: Json, definitions?: Json): Json {
  return {
    name,
    properties: { [name]: items, first: named(), next: named(), schema: named() },
    links: LINKS,
    ...(definitions ? { definitions } : {}),
  };
}

function listOf(name: string, item: Json, definitions?: Json): Json {
  return collection(name, { type: "array", items: item }, definitions);
}

/** The documents, by the last part of their path. */
export const METADEF_DOCUMENTS = {
  namespace: single("namespace", NAMESPACE, ["namespace"], DEFINITIONS),
  namespaces: listOf("namespaces", single("namespace", NAMESPACE, ["namespace"]), DEFINITIONS),
  resource_type: single("resource_type_association", ASSOCIATION, ["name"]),
  resource_types: listOf(
    "resource_type_associations",
    single("resource_type_association", ASSOCIATION, ["name"]),
  ),
  property: single("property", PROPERTY, ["type", "title", "name"], PROPERTY_DEFINITIONS),
  properties: collection("properties", {
    type: "object",
    additionalProperties: single("property", PROPERTY, ["type", "title"]),
  }, PROPERTY_DEFINITIONS),
  object: single("object", OBJECT, ["name"], DEFINITIONS),
  objects: listOf("objects", single("object", OBJECT, ["name"]), DEFINITIONS),
  tag: single("tag", TAG, ["name"]),
  tags: listOf("tags", single("tag", TAG, ["name"])),
} as const satisfies Record<string, Json>;
