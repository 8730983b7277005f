/** The JSON of metadata definitions (docs/reference/metadefs-api.md §4.1, §5, §7, §8) in upstream's key order. */
import type {
  AssociationRecord,
  MetadefPartRecord,
  MetadefTimes,
  NamespaceContents,
  NamespaceRecord,
} from "../../../db/metadef_records.ts";
import type { NamespaceBody, ObjectBody } from "../../metadefs/bodies.ts";
import { propertyView } from "../../metadefs/property_schema.ts";
import { apiTime } from "../../util/timestamp.ts";

type View = Record<string, unknown>;

/** Rows from catalogue files have no updated_at before their first change. */
function times({ created_at, updated_at }: MetadefTimes): View {
  return {
    created_at: apiTime(created_at),
    ...(updated_at === null ? {} : { updated_at: apiTime(updated_at) }),
  };
}

/** Removes members that are null or undefined. */
function withoutNone(view: View): View {
  return Object.fromEntries(
    Object.entries(view).filter(([, value]) => value !== null && value !== undefined),
  );
}

export function namespacePath(namespace: string): string {
  return `/v2/metadefs/namespaces/${namespace}`;
}

/** Puts `nested` between the columns and the links. */
function namespaceWith(namespace: NamespaceRecord, nested: View): View {
  return {
    ...withoutNone({
      namespace: namespace.namespace,
      display_name: namespace.display_name,
      description: namespace.description,
    }),
    visibility: namespace.visibility ?? "private",
    protected: namespace.protected ?? false,
    owner: namespace.owner,
    ...times(namespace),
    ...nested,
    self: namespacePath(namespace.namespace),
    schema: "/v2/schemas/metadefs/namespace",
  };
}

/** The response of PUT. */
export function bareNamespaceView(namespace: NamespaceRecord): View {
  return namespaceWith(namespace, {});
}

/** An item of a list. */
export function namespaceView(namespace: NamespaceRecord): View {
  const associations = namespace.associations.map(associationView);
  return namespaceWith(
    namespace,
    associations.length > 0 ? { resource_type_associations: associations } : {},
  );
}

/** The response of GET, with its contents; empty kinds are absent. */
export function fullNamespaceView(namespace: NamespaceRecord, contents: NamespaceContents): View {
  const nested: View = {};
  const { objects, properties, tags } = contents;
  if (namespace.associations.length > 0) {
    nested.resource_type_associations = namespace.associations.map(associationView);
  }
  if (properties.length > 0) nested.properties = propertiesView(properties);
  if (objects.length > 0) nested.objects = objects.map((each) => objectView(namespace.namespace, each));
  if (tags.length > 0) nested.tags = tags.map(({ name }) => ({ name }));
  return namespaceWith(namespace, nested);
}

/** The response of POST, with the contents as they were sent. */
export function createdNamespaceView(namespace: NamespaceRecord, body: NamespaceBody): View {
  const nested: View = {};
  const { resource_type_associations: associations = [], properties = {}, objects = [], tags = [] } = body;
  if (associations.length > 0) nested.resource_type_associations = associations;
  if (Object.keys(properties).length > 0) nested.properties = properties;
  if (objects.length > 0) nested.objects = objects.map(({ self: _, ...object }) => object);
  if (tags.length > 0) nested.tags = tags;
  return namespaceWith(namespace, nested);
}

export function associationView({ name, prefix, properties_target, ...rest }: AssociationRecord): View {
  return { ...withoutNone({ name, prefix, properties_target }), ...times(rest) };
}

/** Properties by name; they contain `name` only if it was stored. */
export function propertiesView(properties: readonly MetadefPartRecord[]): View {
  return Object.fromEntries(properties.map(({ name, schema }) => [name, propertyView(schema)]));
}

export function objectView(namespace: string, object: MetadefPartRecord): View {
  const properties = Object.entries(object.schema).map(([name, schema]) => [name, propertyView(schema)]);
  return objectWith(namespace, object, {
    ...withoutNone({ description: object.description }),
    required: object.required,
    properties: Object.fromEntries(properties),
  });
}

/** The response of POST and PUT; members that were not sent are absent. */
export function sentObjectView(namespace: string, object: MetadefPartRecord, body: ObjectBody): View {
  const { description, required, properties } = body;
  return objectWith(namespace, object, withoutNone({ description, required, properties }));
}

function objectWith(namespace: string, { name, ...rest }: MetadefPartRecord, body: View): View {
  return {
    name,
    ...body,
    ...times(rest),
    self: `${namespacePath(namespace)}/objects/${name}`,
    schema: "/v2/schemas/metadefs/object",
  };
}

/** A tag or a resource type. */
export function namedView({ name, ...rest }: MetadefTimes & { name: string }): View {
  return { name, ...times(rest) };
}
