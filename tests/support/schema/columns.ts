/** The column types of upstream's tables, with the type names that SQLAlchemy writes on SQLite. */
import { customType } from "drizzle-orm/sqlite-core";

/** `VARCHAR(n)`. */
export const varchar = customType<{ data: string; config: { length: number }; configRequired: true }>({
  dataType: (config) => `VARCHAR(${config.length})`,
});

/** `DATETIME`: naive UTC text, `YYYY-MM-DD HH:MM:SS.ffffff`. */
export const datetime = customType<{ data: string }>({ dataType: () => "DATETIME" });

/** `BOOLEAN`: 0 or 1. The engine reads and writes numbers here; records hold booleans. */
export const bool = customType<{ data: number }>({ dataType: () => "BOOLEAN" });

/** `BIGINT`: bytes; exact up to 2^53. */
export const bigint = customType<{ data: number }>({ dataType: () => "BIGINT" });

/** `INTEGER`. */
export const integer = customType<{ data: number }>({ dataType: () => "INTEGER" });

/** `TEXT`. */
export const text = customType<{ data: string }>({ dataType: () => "TEXT" });

/** The columns of a table whose rows are marked deleted instead of removed (docs/reference/data-model.md §2.2). */
export const softDelete = () => ({
  created_at: datetime().notNull(),
  updated_at: datetime(),
  deleted_at: datetime(),
  deleted: bool().notNull(),
});
