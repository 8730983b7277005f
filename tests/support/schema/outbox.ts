/** Notifications that wait to be sent; only oneglance has this table. */
import { sqliteTable } from "drizzle-orm/sqlite-core";
import { datetime, integer, text, varchar } from "./columns.ts";

/** One row for each notification, in the order of the changes, until every driver has accepted it. */
export const oneglanceOutbox = sqliteTable("oneglance_outbox", {
  id: integer().notNull().primaryKey(),
  message_id: varchar({ length: 36 }).notNull(),
  event_type: varchar({ length: 255 }).notNull(),
  priority: varchar({ length: 5 }).notNull(),
  about: varchar({ length: 10 }).notNull(),
  body: text().notNull(),
  extra: text(),
  created_at: datetime().notNull(),
  owner: varchar({ length: 255 }),
  expires_at: datetime(),
});
