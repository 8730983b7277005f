/** Tasks under way; the table is ours alone. */
import { index, sqliteTable } from "drizzle-orm/sqlite-core";
import { bigint, datetime, integer, text, varchar } from "./columns.ts";

/** One row for each task that has not ended: which process works on it, and how far it is. */
export const oneglanceTasks = sqliteTable("oneglance_tasks", {
  task_id: varchar({ length: 36 }).notNull().primaryKey(),
  image_id: varchar({ length: 36 }),
  token: varchar({ length: 36 }).notNull(),
  owner: varchar({ length: 255 }).notNull(),
  expires_at: datetime().notNull(),
  attempts: integer().notNull(),
  caller: text().notNull(),
  step: varchar({ length: 30 }).notNull(),
  bytes: bigint().notNull(),
  total: bigint(),
  rate: bigint(),
  before: text(),
}, (table) => [index("oneglance_tasks_image").on(table.image_id)]);
