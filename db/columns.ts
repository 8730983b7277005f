/** The columns of `images` in the order in which queries name them. */
import type { ImageColumns } from "./records.ts";

/** The columns that no verb sets by name. */
type Fixed = "id" | "created_at" | "updated_at" | "deleted_at" | "deleted";

/** Every column name; tests/unit/db_schema.test.ts holds the list to the schema. */
export const IMAGE_COLUMNS = [
  "id",
  "name",
  "size",
  "status",
  "created_at",
  "updated_at",
  "deleted_at",
  "deleted",
  "disk_format",
  "container_format",
  "checksum",
  "owner",
  "min_disk",
  "min_ram",
  "protected",
  "virtual_size",
  "visibility",
  "os_hidden",
  "os_hash_algo",
  "os_hash_value",
] as const satisfies readonly (keyof ImageColumns | Fixed)[];

const FIXED: readonly string[] = [
  "id",
  "created_at",
  "updated_at",
  "deleted_at",
  "deleted",
] satisfies Fixed[];

/** The columns that a verb may set (`ImageColumns`). */
export const SETTABLE = IMAGE_COLUMNS.filter((name) => !FIXED.includes(name)) as (keyof ImageColumns)[];
