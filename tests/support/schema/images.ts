/** `images` (docs/reference/data-model.md §1.1) and our own indexes for listing (docs/adr/0002-database-access.md). */
import { sql } from "drizzle-orm";
import { index, sqliteTable } from "drizzle-orm/sqlite-core";
import { bigint, bool, integer, softDelete, varchar } from "./columns.ts";

export const images = sqliteTable("images", {
  id: varchar({ length: 36 }).notNull().primaryKey(),
  name: varchar({ length: 255 }),
  size: bigint(),
  status: varchar({ length: 30 }).notNull(),
  ...softDelete(),
  disk_format: varchar({ length: 20 }),
  container_format: varchar({ length: 20 }),
  checksum: varchar({ length: 32 }),
  owner: varchar({ length: 255 }),
  min_disk: integer().notNull(),
  min_ram: integer().notNull(),
  protected: bool().notNull().default(0),
  virtual_size: bigint(),
  visibility: varchar({ length: 9 }).notNull().default("shared"),
  os_hidden: bool().notNull().default(0),
  os_hash_algo: varchar({ length: 64 }),
  os_hash_value: varchar({ length: 128 }),
}, (table) => {
  const live = sql`deleted = 0`;
  const listed = [table.created_at, table.id] as const;
  return [
    index("checksum_image_idx").on(table.checksum),
    index("visibility_image_idx").on(table.visibility),
    index("ix_images_deleted").on(table.deleted),
    index("owner_image_idx").on(table.owner),
    index("created_at_image_idx").on(table.created_at),
    index("updated_at_image_idx").on(table.updated_at),
    index("os_hidden_image_idx").on(table.os_hidden),
    index("os_hash_value_image_idx").on(table.os_hash_value),
    index("oneglance_images_created").on(table.os_hidden, ...listed).where(live),
    index("oneglance_images_visibility").on(table.os_hidden, table.visibility, ...listed).where(live),
    index("oneglance_images_owner").on(table.os_hidden, table.owner, ...listed).where(live),
    index("oneglance_images_name").on(table.os_hidden, sql`coalesce(name, '')`, ...listed).where(live),
    index("oneglance_images_status").on(table.os_hidden, table.status, ...listed).where(live),
    index("oneglance_images_disk_format")
      .on(table.os_hidden, sql`coalesce(disk_format, '')`, ...listed).where(live),
    index("oneglance_images_container_format")
      .on(table.os_hidden, sql`coalesce(container_format, '')`, ...listed).where(live),
    index("oneglance_images_size").on(table.os_hidden, sql`coalesce(size, 0)`, ...listed).where(live),
    index("oneglance_images_updated")
      .on(table.os_hidden, sql`coalesce(updated_at, created_at)`, ...listed).where(live),
  ];
});
