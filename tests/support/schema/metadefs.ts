/** Metadata definitions (docs/reference/data-model.md §1.7): rows are really deleted. */
import { index, primaryKey, sqliteTable, unique } from "drizzle-orm/sqlite-core";
import { bool, datetime, integer, text, varchar } from "./columns.ts";

const times = () => ({ created_at: datetime().notNull(), updated_at: datetime() });
const name = () => varchar({ length: 80 }).notNull();

export const metadefNamespaces = sqliteTable("metadef_namespaces", {
  id: integer().notNull().primaryKey(),
  namespace: name(),
  display_name: varchar({ length: 80 }),
  description: text(),
  visibility: varchar({ length: 32 }),
  protected: bool(),
  owner: varchar({ length: 255 }).notNull(),
  ...times(),
}, (table) => [
  unique("uq_metadef_namespaces_namespace").on(table.namespace),
  index("ix_metadef_namespaces_owner").on(table.owner),
  index("oneglance_metadefs_created").on(table.created_at, table.id),
]);

const namespaceId = () => integer().notNull().references(() => metadefNamespaces.id);

export const metadefResourceTypes = sqliteTable("metadef_resource_types", {
  id: integer().notNull().primaryKey(),
  name: name(),
  protected: bool().notNull(),
  ...times(),
}, (table) => [unique("uq_metadef_resource_types_name").on(table.name)]);

export const metadefNamespaceResourceTypes = sqliteTable("metadef_namespace_resource_types", {
  resource_type_id: integer().notNull().references(() => metadefResourceTypes.id),
  namespace_id: namespaceId(),
  properties_target: varchar({ length: 80 }),
  prefix: varchar({ length: 80 }),
  ...times(),
}, (table) => [
  primaryKey({ columns: [table.resource_type_id, table.namespace_id] }),
  index("ix_metadef_ns_res_types_namespace_id").on(table.namespace_id),
]);

export const metadefObjects = sqliteTable("metadef_objects", {
  id: integer().notNull().primaryKey(),
  namespace_id: namespaceId(),
  name: name(),
  description: text(),
  required: text(),
  json_schema: text().notNull(),
  ...times(),
}, (table) => [
  unique("uq_metadef_objects_namespace_id_name").on(table.namespace_id, table.name),
  index("ix_metadef_objects_name").on(table.name),
]);

export const metadefProperties = sqliteTable("metadef_properties", {
  id: integer().notNull().primaryKey(),
  namespace_id: namespaceId(),
  name: name(),
  json_schema: text().notNull(),
  ...times(),
}, (table) => [
  unique("uq_metadef_properties_namespace_id_name").on(table.namespace_id, table.name),
  index("ix_metadef_properties_name").on(table.name),
]);

export const metadefTags = sqliteTable("metadef_tags", {
  id: integer().notNull().primaryKey(),
  namespace_id: namespaceId(),
  name: name(),
  ...times(),
}, (table) => [
  unique("uq_metadef_tags_namespace_id_name").on(table.namespace_id, table.name),
  index("ix_metadef_tags_name").on(table.name),
]);
