/** Parts that the routes of metadata definitions share (docs/reference/metadefs-api.md §4–8). */
import { z } from "@hono/zod-openapi";
import { oneOf } from "./common.ts";

const param = (name: string, description: string, example: string) =>
  z.string().openapi({ param: { name, in: "path" }, description, example });

export const NamespaceParams = z.object({
  namespace: param("namespace", "Name of the namespace.", "OS::Compute::Watchdog"),
});
export const ObjectParams = NamespaceParams.extend({
  object: param("object", "Name of the object.", "CPU Limits"),
});
export const PropertyParams = NamespaceParams.extend({
  property: param("property", "Name of the property.", "watchdog_action"),
});
export const MetadefTagParams = NamespaceParams.extend({ tag: param("tag", "Name of the tag.", "golden") });
export const ResourceTypeParams = NamespaceParams.extend({
  resource_type: param("resource_type", "Name of the resource type.", "OS::Glance::Image"),
});

/** `resource_type` of a show: names with the prefix of that type. */
export const ForResourceType = z.object({
  resource_type: z.string().optional().openapi({
    description: "Show names as they are on this type of resource.",
    example: "OS::Glance::Image",
  }),
});

/** What a list is sorted by; created_at by default. `also` is accepted and not in the document. */
export function metadefSortKey<const K extends string, const A extends string = never>(
  keys: readonly K[],
  also: readonly A[] = [],
) {
  const words = (key: string) =>
    `Invalid sort key: ${key}. It must be one of the following: ${keys.join(", ")}.`;
  return oneOf(keys, words, { also, description: "Default created_at." });
}

/** Of a namespace; several routes judge it and do nothing else with it, as upstream does. */
export function metadefVisibility<const V extends string, const A extends string = never>(
  values: readonly V[],
  also: readonly A[] = [],
) {
  return oneOf(values, (value) => `Invalid visibility value: ${value}`, { also });
}

const PropertyType = z.enum(["array", "boolean", "integer", "number", "object", "string"]);
const size = z.int().min(0).optional();

const propertyKeys = {
  type: PropertyType,
  title: z.string(),
  description: z.string().optional(),
  operators: z.array(z.string()).optional(),
  default: z.unknown().optional().openapi({ description: "Kept as text; null for a list or an object." }),
  readonly: z.boolean().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  enum: z.array(z.string().nullable()).optional(),
  pattern: z.string().optional(),
  minLength: size,
  maxLength: size,
  confidential: z.boolean().optional(),
  items: z.strictObject({ type: PropertyType, enum: z.array(z.string()).optional() }).optional(),
  uniqueItems: z.boolean().optional(),
  minItems: size,
  maxItems: size,
  additionalItems: z.boolean().optional(),
};

/** The definition of a property, under its name. */
export const MetadefProperty = z.strictObject({ name: z.string().max(80).optional(), ...propertyKeys })
  .openapi("MetadefProperty");

/** The definition of a property with its name inside. */
export const NamedMetadefProperty = z.strictObject({ name: z.string().max(80), ...propertyKeys })
  .openapi("NamedMetadefProperty");

export const PropertyMap = z.record(z.string(), MetadefProperty);

/** Times of an answer; what came from a catalogue file and was never changed has no updated_at. */
export const times = { created_at: z.string(), updated_at: z.string().optional() };
/** What a client may send back from an answer, to no effect. */
export const ignored = {
  schema: z.string().optional(),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
};

export const AssociationFields = {
  name: z.string().max(80),
  prefix: z.string().max(80).optional(),
  properties_target: z.string().max(80).optional(),
};

export const TagName = z.strictObject({ name: z.string().max(80) }).openapi("MetadefTagName");
