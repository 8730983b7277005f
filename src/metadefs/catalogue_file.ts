/** Catalogue files: JSON, one namespace per file (docs/reference/metadefs-api.md §11.1). */
import * as v from "valibot";
import type {
  MetadefPart,
  NamespaceContents,
  NamespaceRecord,
  NewNamespace,
} from "../../db/metadef_records.ts";
import { isObject, list, parseDocument, text } from "./document.ts";

const name = text(80);
const optional = <T extends v.GenericSchema>(schema: T) => v.nullish(schema);
const named = <T extends v.ObjectEntries>(more: T) =>
  v.looseObject({ name, ...more }, "must be an object with a name");
/** Property definitions are not checked. */
const anyMap = v.custom<Record<string, unknown>>(isObject, "must be an object");

const File = v.looseObject({
  namespace: name,
  display_name: optional(name),
  description: optional(text()),
  visibility: optional(text(32)),
  protected: optional(v.boolean("must be true or false")),
  owner: optional(text(255)),
  resource_type_associations: optional(
    list(named({ prefix: optional(name), properties_target: optional(name) })),
  ),
  properties: optional(anyMap),
  objects: optional(list(named({ description: optional(text()), properties: optional(anyMap) }))),
  tags: optional(list(named({}))),
}, "must be an object with a namespace");

/** Owner of a namespace whose file has none. */
const OWNER = "admin";

function part(name: string, schema: Record<string, unknown>, description: string | null = null): MetadefPart {
  return { name, description, required: [], schema };
}

/** Parses the document of a file. Errors: bad_request, naming the place. */
export function readCatalogueFile(document: unknown): NewNamespace {
  const file = parseDocument(File, document, "metadefs file");
  return {
    columns: {
      namespace: file.namespace,
      display_name: file.display_name ?? null,
      description: file.description ?? null,
      visibility: file.visibility ?? null,
      protected: file.protected ?? null,
      owner: file.owner ?? OWNER,
    },
    associations: (file.resource_type_associations ?? []).map(({ name, prefix, properties_target }) => ({
      name,
      prefix: prefix ?? null,
      properties_target: properties_target ?? null,
    })),
    objects: (file.objects ?? []).map(({ name, properties, description }) =>
      part(name, properties ?? {}, description ?? null)
    ),
    properties: Object.entries(file.properties ?? {}).map(([name, body]) =>
      part(name, isObject(body) ? body : {})
    ),
    tags: (file.tags ?? []).map(({ name }) => part(name, {})),
  };
}

/** Returns the document of a namespace, without its owner; `readCatalogueFile` reads it. */
export function catalogueFile(namespace: NamespaceRecord, contents: NamespaceContents) {
  return {
    namespace: namespace.namespace,
    display_name: namespace.display_name,
    description: namespace.description,
    visibility: namespace.visibility,
    protected: namespace.protected,
    resource_type_associations: namespace.associations.map(({ name, prefix, properties_target }) => ({
      name,
      prefix,
      properties_target,
    })),
    properties: Object.fromEntries(contents.properties.map(({ name, schema }) => [name, schema])),
    objects: contents.objects.map(({ name, description, schema }) => ({
      name,
      description,
      properties: schema,
    })),
    // The database returns the newest first.
    tags: contents.tags.map(({ name }) => ({ name })).reverse(),
  };
}

/** Returns the file name of a namespace: the letters and digits of its display name. */
export function catalogueFileName({ namespace, display_name }: NamespaceRecord): string {
  return `${(display_name ?? namespace).replaceAll(/[^\p{L}\p{N}]/gu, "")}.json`;
}
