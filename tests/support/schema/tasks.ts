/** `tasks` and `task_info` (docs/reference/data-model.md §1.6). */
import { index, sqliteTable } from "drizzle-orm/sqlite-core";
import { datetime, softDelete, text, varchar } from "./columns.ts";

export const tasks = sqliteTable("tasks", {
  id: varchar({ length: 36 }).notNull().primaryKey(),
  type: varchar({ length: 30 }).notNull(),
  status: varchar({ length: 30 }).notNull(),
  owner: varchar({ length: 255 }).notNull(),
  expires_at: datetime(),
  ...softDelete(),
  image_id: varchar({ length: 36 }),
  request_id: varchar({ length: 64 }),
  user_id: varchar({ length: 64 }),
}, (table) => [
  index("ix_tasks_deleted").on(table.deleted),
  index("ix_tasks_owner").on(table.owner),
  index("ix_tasks_status").on(table.status),
  index("ix_tasks_type").on(table.type),
  index("ix_tasks_updated_at").on(table.updated_at),
  index("ix_tasks_image_id").on(table.image_id),
]);

export const taskInfo = sqliteTable("task_info", {
  task_id: varchar({ length: 36 }).notNull().primaryKey().references(() => tasks.id),
  input: text(),
  result: text(),
  message: text(),
});
