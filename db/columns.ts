/** The columns of `images` in the order in which queries name them. */
import { getTableColumns } from "drizzle-orm";
import type { ImageColumns } from "./records.ts";
import { images } from "./schema/images.ts";

/** Every column name. */
export const IMAGE_COLUMNS: readonly string[] = Object.keys(getTableColumns(images));

const FIXED = ["id", "created_at", "updated_at", "deleted_at", "deleted"];

/** The columns that a verb may set (`ImageColumns`). */
export const SETTABLE = IMAGE_COLUMNS.filter((name) => !FIXED.includes(name)) as (keyof ImageColumns)[];
