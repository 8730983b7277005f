/** Tasks in progress; only oneglance has this table. */
import { index, sqliteTable } from "drizzle-orm/sqlite-core";
import { bigint, datetime, integer, text, varchar } from "./columns.ts";

/** One row for each unfinished task: the process that works on it, and its progress. */
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
