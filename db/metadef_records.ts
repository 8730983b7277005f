/** Metadata definitions as the database gives and takes them (docs/reference/data-model.md §1.7). */
import type { Timestamp, Viewer } from "./records.ts";

/** A row from a catalogue file has no `updated_at` until it is changed. */
export interface MetadefTimes {
  created_at: Timestamp;
  updated_at: Timestamp | null;
}

/** What a client says of a namespace. Rows from catalogue files may have a visibility or protection of null. */
export interface NamespaceColumns {
  namespace: string;
  display_name: string | null;
  description: string | null;
  visibility: string | null;
  protected: boolean | null;
  owner: string;
}

export interface Association {
  /** Name of the resource type. */
  name: string;
  prefix: string | null;
  properties_target: string | null;
}

export type AssociationRecord = Association & MetadefTimes;

export interface NamespaceRecord extends NamespaceColumns, MetadefTimes {
  id: number;
  /** In the order in which they were made. */
  associations: AssociationRecord[];
}

export interface ResourceTypeRecord extends MetadefTimes {
  name: string;
  protected: boolean;
}

/** What lies in a namespace. */
export type MetadefKind = "object" | "property" | "tag";

/** An object, property or tag. What its kind does not have is empty. */
export interface MetadefPart {
  name: string;
  /** Objects only. */
  description: string | null;
  /** Objects only: names of properties, stored as one comma-joined text. */
  required: string[];
  /** A property's body; an object's properties by name. As stored: rows from catalogue files were never checked. */
  schema: Record<string, unknown>;
}

export type MetadefPartRecord = MetadefPart & MetadefTimes;

/** Everything in one namespace, each kind by name but tags with the newest first. */
export interface NamespaceContents {
  objects: MetadefPartRecord[];
  properties: MetadefPartRecord[];
  tags: MetadefPartRecord[];
}

/** A namespace with its contents, as a request or a catalogue file brings it. */
export interface NewNamespace {
  columns: NamespaceColumns;
  associations: Association[];
  objects: MetadefPart[];
  properties: MetadefPart[];
  tags: MetadefPart[];
}

export type NamespaceSortKey =
  | "namespace"
  | "display_name"
  | "description"
  | "visibility"
  | "protected"
  | "owner"
  | "created_at"
  | "updated_at";

export interface NamespaceListQuery {
  viewer: Viewer;
  /** Exact: a stored null is neither. */
  visibility?: string;
  /** Names, of which a namespace is associated with one at least. */
  resourceTypes?: string[];
  /** Ties are broken by created_at and id, in the same direction. */
  sort: { key: NamespaceSortKey; dir: "asc" | "desc" };
  limit: number;
  /** Id of the last namespace of the page before. */
  after?: number;
}

type TagSortKey = "name" | "created_at" | "updated_at" | "id";

export interface TagListQuery {
  namespaceId: number;
  sort: { key: TagSortKey; dir: "asc" | "desc" };
  /** Null: all. */
  limit: number | null;
  /** Name of the last tag of the page before; when there is none of that name the answer is null. */
  marker?: string;
}

/** `protected`: it is there, but its namespace is protected. */
export type RemoveOutcome = "done" | "absent" | "protected";

/** How a catalogue file meets a namespace that is there already (docs/reference/metadefs-api.md §11.2). */
export type LoadMode = "keep" | "merge" | "prefer_new" | "overwrite";
export type LoadOutcome = "inserted" | "skipped" | "merged" | "replaced";

/** A namespace with its contents and the prefix of one association: what properties of a resource are called. */
export interface NamespaceDefinitions extends NamespaceRecord {
  objects: Pick<MetadefPart, "name" | "schema">[];
  properties: Pick<MetadefPart, "name" | "schema">[];
}
