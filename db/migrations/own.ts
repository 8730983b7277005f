import { LISTING } from "./own_0001_listing.ts";
import { UPLOADS } from "./own_0002_uploads.ts";
import { METADEFS } from "./own_0003_metadefs.ts";
import { TASKS } from "./own_0004_tasks.ts";
import { OUTBOX } from "./own_0005_outbox.ts";
import { DELETIONS } from "./own_0006_deletions.ts";
import { TASK_BEFORE } from "./own_0007_task_before.ts";
import { COPY_DELETIONS } from "./own_0008_copy_deletions.ts";

/** One of our own migrations; applied in order of `version`, never edited once released. */
export interface OwnMigration {
  version: number;
  statements: readonly string[];
}

export const OWN_MIGRATIONS: readonly OwnMigration[] = [
  { version: 1, statements: LISTING },
  { version: 2, statements: UPLOADS },
  { version: 3, statements: METADEFS },
  { version: 4, statements: TASKS },
  { version: 5, statements: OUTBOX },
  { version: 6, statements: DELETIONS },
  { version: 7, statements: TASK_BEFORE },
  { version: 8, statements: COPY_DELETIONS },
];

/** The version of our own part of the schema that this program works with. */
export const OWN_VERSION = Math.max(...OWN_MIGRATIONS.map(({ version }) => version));
