/** The bodies of requests about metadata definitions (docs/reference/metadefs-api.md §4.1, §5, §7, §8). */
import * as v from "valibot";
import type { Association, MetadefPart, NamespaceColumns } from "../../db/metadef_records.ts";
import { fail } from "../errors.ts";
import { refuseBeyondBmp } from "../images/attributes.ts";
import {
  bool,
  list,
  map,
  object,
  oneOf,
  parseDocument,
  refuseBeyondBmpIn,
  text,
  uniqueTexts,
} from "./document.ts";
import { KeyedProperty, NamedProperty, NestedProperty, type PropertyBody } from "./property_schema.ts";

const name = text(80);

/** Members that clients copy from a response; they are returned but never stored. */
const ECHOED = { schema: v.optional(text()), created_at: v.optional(text()), updated_at: v.optional(text()) };

const association = {
  name,
  prefix: v.optional(text(80)),
  properties_target: v.optional(text(80)),
};

function objectKeys<P extends v.GenericSchema>(property: P) {
  return {
    name,
    description: v.optional(text()),
    required: v.optional(uniqueTexts),
    properties: v.optional(map(property)),
  };
}

const Namespace = object({
  namespace: name,
  display_name: v.optional(name),
  description: v.optional(text(500)),
  visibility: v.optional(oneOf("public", "private")),
  protected: v.optional(bool),
  owner: v.optional(text(255)),
  resource_type_associations: v.optional(list(object({ ...association, ...ECHOED }))),
  properties: v.optional(map(NestedProperty)),
  objects: v.optional(list(object({ ...objectKeys(NestedProperty), self: v.optional(text()), ...ECHOED }))),
  tags: v.optional(list(object({ name, ...ECHOED }))),
});

/** A namespace in a request. */
export type NamespaceBody = v.InferOutput<typeof Namespace>;

/** An object in a request. */
export interface ObjectBody {
  name: string;
  description?: string | undefined;
  required?: string[] | undefined;
  properties?: Record<string, PropertyBody> | undefined;
}

const NewObject = object(objectKeys(KeyedProperty));
const ChangedObject = object(objectKeys(NestedProperty));
const Tag = object({ name });
const Tags = object({ tags: list(Tag) });
const AssociationBody = object(association);

/** Keys that only the service sets: in namespaces and objects, and in everything else. */
export const READ_ONLY_LINKED = ["created_at", "updated_at", "self", "schema"];
export const READ_ONLY = ["created_at", "updated_at"];

/** Errors: bad_request. */
export function parseNamespace(body: unknown): NamespaceBody {
  refuseBeyondBmpIn(body);
  const namespace = parseDocument(Namespace, body, "namespace");
  for (const key of Object.keys(namespace.properties ?? {})) {
    refuseBeyondBmp("the name of a property", key);
    if ([...key].length > 80) {
      fail("bad_request", `Property names can't be longer than 80 characters: '${key.slice(0, 40)}…'`);
    }
  }
  return namespace;
}

/** `changed`: the body of a PUT, which allows one more key. Errors: bad_request. */
export function parseObject(body: unknown, { changed = false } = {}): ObjectBody {
  refuseBeyondBmpIn(body);
  return parseDocument(changed ? ChangedObject : NewObject, body, "object");
}

/** Errors: bad_request. */
export function parseProperty(body: unknown): PropertyBody & { name: string } {
  refuseBeyondBmpIn(body);
  return parseDocument(NamedProperty, body, "property");
}

/** Errors: bad_request. */
export function parseTag(body: unknown): { name: string } {
  refuseBeyondBmpIn(body);
  return parseDocument(Tag, body, "tag");
}

/** Errors: bad_request. */
export function parseTags(body: unknown): { name: string }[] {
  return parseDocument(Tags, body, "tags").tags;
}

/** Errors: bad_request. */
export function parseAssociation(body: unknown): Association {
  const { name, prefix = null, properties_target = null } = parseDocument(
    AssociationBody,
    body,
    "resource_type_association",
  );
  return { name, prefix, properties_target };
}

/** Returns the columns of a namespace, with defaults (docs/reference/metadefs-api.md §3.2, §4.1). */
export function namespaceColumns(body: NamespaceBody, owner: string): NamespaceColumns {
  return {
    namespace: body.namespace,
    display_name: body.display_name ?? null,
    description: body.description ?? null,
    visibility: body.visibility ?? "private",
    protected: body.protected ?? false,
    owner,
  };
}

/** Returns an object as it is stored. */
export function objectPart(body: ObjectBody): MetadefPart {
  return {
    name: body.name,
    description: body.description ?? null,
    required: body.required ?? [],
    schema: body.properties ?? {},
  };
}

/** Returns a property as it is stored under a name. */
export function propertyPart(name: string, body: PropertyBody): MetadefPart {
  return { name, description: null, required: [], schema: body };
}

/** Returns a tag as it is stored. */
export function tagPart({ name }: { name: string }): MetadefPart {
  return { name, description: null, required: [], schema: {} };
}
