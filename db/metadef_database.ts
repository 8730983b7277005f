/** The part of the database that keeps metadata definitions; the verbs are called by `DatabaseReads` and `DatabaseWrites`. */
import type {
  Association,
  AssociationRecord,
  LoadMode,
  LoadOutcome,
  MetadefKind,
  MetadefPart,
  MetadefPartRecord,
  NamespaceColumns,
  NamespaceContents,
  NamespaceDefinitions,
  NamespaceListQuery,
  NamespaceRecord,
  NewNamespace,
  RemoveOutcome,
  ResourceTypeRecord,
  TagListQuery,
} from "./metadef_records.ts";
import type { Viewer } from "./records.ts";

export interface MetadefReads {
  /** The namespace when it exists for the viewer (spec/metadefs-api.md §3.1). */
  metadefNamespace(input: { name: string; viewer: Viewer }): Promise<NamespaceRecord | null>;
  /** One page, in one query. */
  metadefNamespaces(input: NamespaceListQuery): Promise<NamespaceRecord[]>;
  metadefContents(input: { namespaceId: number }): Promise<NamespaceContents>;
  /** All of one kind: by name, tags with the newest first. */
  metadefParts(input: { namespaceId: number; kind: MetadefKind }): Promise<MetadefPartRecord[]>;
  metadefPart(
    input: { namespaceId: number; kind: MetadefKind; name: string },
  ): Promise<MetadefPartRecord | null>;
  /** A page of tags; null when the marker is none. */
  metadefTags(input: TagListQuery): Promise<MetadefPartRecord[] | null>;
  /** Every resource type, oldest first. */
  metadefResourceTypes(): Promise<ResourceTypeRecord[]>;
  /** The namespaces that define properties of a resource type, or have one of `names`, in one query. */
  metadefDefinitions(
    input: { resourceType: string; names: string[]; viewer: Viewer },
  ): Promise<NamespaceDefinitions[]>;
}

export interface MetadefWrites {
  /** With all its contents or not at all. Errors: conflict, for the namespace or a part of it. */
  createMetadefNamespace(input: NewNamespace): Promise<NamespaceRecord>;
  /** The new columns with the old `updated_at`, as upstream answers; null when it is gone. Errors: conflict. */
  changeMetadefNamespace(input: { id: number; columns: NamespaceColumns }): Promise<NamespaceRecord | null>;
  removeMetadefNamespace(input: { id: number }): Promise<RemoveOutcome>;
  /** Adds all or none, after removing those that there are when `replace` says so; null when the namespace is gone. Errors: conflict. */
  addMetadefParts(
    input: { namespaceId: number; kind: MetadefKind; parts: MetadefPart[]; replace: boolean },
  ): Promise<MetadefPartRecord[] | null>;
  /** The new body with the old `updated_at`; null when it is gone. Errors: conflict. */
  changeMetadefPart(
    input: { namespaceId: number; kind: MetadefKind; name: string; part: MetadefPart },
  ): Promise<MetadefPartRecord | null>;
  removeMetadefPart(input: { namespaceId: number; kind: MetadefKind; name: string }): Promise<RemoveOutcome>;
  /** Removes all of a kind; `absent` when the namespace is gone. */
  clearMetadefParts(input: { namespaceId: number; kind: MetadefKind }): Promise<RemoveOutcome>;
  /** Makes the resource type known when it is not; null when the namespace is gone. Errors: conflict. */
  addMetadefAssociation(
    input: { namespaceId: number; association: Association },
  ): Promise<AssociationRecord | null>;
  removeMetadefAssociation(input: { namespaceId: number; name: string }): Promise<RemoveOutcome>;
  /** One catalogue file, all or nothing. */
  loadMetadefs(input: { file: NewNamespace; mode: LoadMode }): Promise<LoadOutcome>;
  /** Removes every metadata definition and resource type. */
  unloadMetadefs(input?: undefined): Promise<void>;
}
