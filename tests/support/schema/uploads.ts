/** Uploads in progress; only oneglance has this table. */
import { sqliteTable } from "drizzle-orm/sqlite-core";
import { datetime, varchar } from "./columns.ts";

/** One row for each image whose data is being written, and by which process. */
export const oneglanceUploads = sqliteTable("oneglance_uploads", {
  image_id: varchar({ length: 36 }).notNull().primaryKey(),
  token: varchar({ length: 36 }).notNull(),
  owner: varchar({ length: 255 }).notNull(),
  store_id: varchar({ length: 255 }),
  expires_at: datetime().notNull(),
});
