/** The tables that belong to an image: properties, locations, members, tags (docs/reference/data-model.md §1.2 to §1.5). */
import { sql } from "drizzle-orm";
import { index, sqliteTable, unique } from "drizzle-orm/sqlite-core";
import { bool, integer, softDelete, text, varchar } from "./columns.ts";
import { images } from "./images.ts";

const imageId = () => varchar({ length: 36 }).notNull().references(() => images.id);

export const imageProperties = sqliteTable("image_properties", {
  id: integer().notNull().primaryKey(),
  image_id: imageId(),
  name: varchar({ length: 255 }).notNull(),
  value: text(),
  ...softDelete(),
}, (table) => [
  unique("ix_image_properties_image_id_name").on(table.image_id, table.name),
  index("ix_image_properties_deleted").on(table.deleted),
  index("ix_image_properties_image_id").on(table.image_id),
  index("oneglance_properties_value").on(table.name, table.value, table.image_id).where(sql`deleted = 0`),
]);

export const imageLocations = sqliteTable("image_locations", {
  id: integer().notNull().primaryKey(),
  image_id: imageId(),
  value: text().notNull(),
  ...softDelete(),
  meta_data: text(),
  status: varchar({ length: 30 }).notNull().default("active"),
}, (table) => [
  index("ix_image_locations_deleted").on(table.deleted),
  index("ix_image_locations_image_id").on(table.image_id),
]);

export const imageMembers = sqliteTable("image_members", {
  id: integer().notNull().primaryKey(),
  image_id: imageId(),
  member: varchar({ length: 255 }).notNull(),
  can_share: bool().notNull(),
  ...softDelete(),
  status: varchar({ length: 20 }).notNull().default("pending"),
}, (table) => [
  unique("image_members_image_id_member_deleted_at_key").on(table.image_id, table.member, table.deleted_at),
  index("ix_image_members_deleted").on(table.deleted),
  index("ix_image_members_image_id").on(table.image_id),
  index("ix_image_members_image_id_member").on(table.image_id, table.member),
  index("oneglance_members_member").on(table.member, table.status, table.image_id).where(sql`deleted = 0`),
]);

export const imageTags = sqliteTable("image_tags", {
  id: integer().notNull().primaryKey(),
  image_id: imageId(),
  value: varchar({ length: 255 }).notNull(),
  ...softDelete(),
}, (table) => [
  index("ix_image_tags_image_id").on(table.image_id),
  index("ix_image_tags_image_id_tag_value").on(table.image_id, table.value),
  index("oneglance_tags_value").on(table.value, table.image_id).where(sql`deleted = 0`),
]);
