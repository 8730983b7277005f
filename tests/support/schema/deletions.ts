/** Deletions in progress; only oneglance has this table. */
import { sqliteTable } from "drizzle-orm/sqlite-core";
import { datetime, text, varchar } from "./columns.ts";

/** One row for each image whose data is being removed, and by which process. */
export const oneglanceDeletions = sqliteTable("oneglance_deletions", {
  image_id: varchar({ length: 36 }).notNull().primaryKey(),
  token: varchar({ length: 36 }).notNull(),
  owner: varchar({ length: 255 }).notNull(),
  expires_at: datetime().notNull(),
  was: varchar({ length: 30 }).notNull(),
  location_ids: text(),
});
