/** Cache accounting (docs/reference/data-model.md §1.8): no foreign key to images. */
import { sqliteTable, unique } from "drizzle-orm/sqlite-core";
import { bigint, datetime, integer, varchar } from "./columns.ts";

export const nodeReference = sqliteTable("node_reference", {
  node_reference_id: integer().notNull().primaryKey(),
  node_reference_url: varchar({ length: 255 }).notNull(),
}, (table) => [unique("uq_node_reference_node_reference_url").on(table.node_reference_url)]);

export const cachedImages = sqliteTable(
  "cached_images",
  {
    id: integer().notNull().primaryKey(),
    image_id: varchar({ length: 36 }).notNull(),
    last_accessed: datetime().notNull(),
    last_modified: datetime().notNull(),
    size: bigint().notNull(),
    hits: integer().notNull(),
    checksum: varchar({ length: 32 }),
    node_reference_id: integer().notNull().references(() => nodeReference.node_reference_id),
  },
  (
    table,
  ) => [unique("ix_cached_images_image_id_node_reference_id").on(table.image_id, table.node_reference_id)],
);
