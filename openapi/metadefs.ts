/** Every route of metadata definitions, in the order of the document (docs/reference/metadefs-api.md §3). */
import { checkMetadefs } from "./metadefs_check.ts";
import {
  createNamespace,
  deleteNamespace,
  listNamespaces,
  showNamespace,
  updateNamespace,
} from "./metadefs_namespaces.ts";
import {
  addObject,
  changeObject,
  clearObjects,
  listObjects,
  removeObject,
  showObject,
} from "./metadefs_objects.ts";
import {
  addProperty,
  changeProperty,
  clearProperties,
  listProperties,
  removeProperty,
  showProperty,
} from "./metadefs_properties.ts";
import {
  addAssociation,
  listAssociations,
  listResourceTypes,
  removeAssociation,
} from "./metadefs_resource_types.ts";
import { addTag, addTags, changeTag, clearTags, listTags, removeTag, showTag } from "./metadefs_tags.ts";
import { schemaRoute } from "./schemas.ts";

/** The schema documents, by the last part of their path. */
export const METADEF_SCHEMAS = {
  namespace: schemaRoute("metadefs/namespace", "showMetadefNamespaceSchema"),
  namespaces: schemaRoute("metadefs/namespaces", "showMetadefNamespacesSchema"),
  resource_type: schemaRoute("metadefs/resource_type", "showMetadefResourceTypeSchema"),
  resource_types: schemaRoute("metadefs/resource_types", "showMetadefResourceTypesSchema"),
  property: schemaRoute("metadefs/property", "showMetadefPropertySchema"),
  properties: schemaRoute("metadefs/properties", "showMetadefPropertiesSchema"),
  object: schemaRoute("metadefs/object", "showMetadefObjectSchema"),
  objects: schemaRoute("metadefs/objects", "showMetadefObjectsSchema"),
  tag: schemaRoute("metadefs/tag", "showMetadefTagSchema"),
  tags: schemaRoute("metadefs/tags", "showMetadefTagsSchema"),
} as const;

// The order of the methods on a path is that of `Allow`.
export const METADEF_ROUTES = [
  listNamespaces,
  createNamespace,
  showNamespace,
  updateNamespace,
  deleteNamespace,
  listObjects,
  addObject,
  clearObjects,
  showObject,
  changeObject,
  removeObject,
  listProperties,
  addProperty,
  clearProperties,
  showProperty,
  changeProperty,
  removeProperty,
  listTags,
  addTags,
  clearTags,
  showTag,
  addTag,
  changeTag,
  removeTag,
  listResourceTypes,
  listAssociations,
  addAssociation,
  removeAssociation,
  checkMetadefs,
  ...Object.values(METADEF_SCHEMAS),
] as const;
