/** The schema version of a database: upstream's row (docs/reference/data-model.md §1.9) and ours. */
import { sqliteTable } from "drizzle-orm/sqlite-core";
import { datetime, integer, varchar } from "./columns.ts";

export const alembicVersion = sqliteTable("alembic_version", {
  version_num: varchar({ length: 32 }).notNull().primaryKey(),
});

/** One row for each of our own migrations that was run. */
export const oneglanceSchema = sqliteTable("oneglance_schema", {
  version: integer().notNull().primaryKey(),
  applied_at: datetime().notNull(),
});
