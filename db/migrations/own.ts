import * as mariadb from "./mariadb/own.ts";
import { LISTING } from "./own_0001_listing.ts";
import { UPLOADS } from "./own_0002_uploads.ts";
import { METADEFS } from "./own_0003_metadefs.ts";
import { TASKS } from "./own_0004_tasks.ts";
import { OUTBOX } from "./own_0005_outbox.ts";
import { DELETIONS } from "./own_0006_deletions.ts";
import { TASK_BEFORE } from "./own_0007_task_before.ts";
import { COPY_DELETIONS } from "./own_0008_copy_deletions.ts";

/** One of our own migrations; applied in order of `version`, never edited once released. */
interface OwnMigration {
  version: number;
  sqlite: readonly string[];
  /** Each can run again: there is no transaction around them. */
  mariadb: readonly string[];
}

export const OWN_MIGRATIONS: readonly OwnMigration[] = [
  { version: 1, sqlite: LISTING, mariadb: mariadb.LISTING },
  { version: 2, sqlite: UPLOADS, mariadb: mariadb.UPLOADS },
  { version: 3, sqlite: METADEFS, mariadb: mariadb.METADEFS },
  { version: 4, sqlite: TASKS, mariadb: mariadb.TASKS },
  { version: 5, sqlite: OUTBOX, mariadb: mariadb.OUTBOX },
  { version: 6, sqlite: DELETIONS, mariadb: mariadb.DELETIONS },
  { version: 7, sqlite: TASK_BEFORE, mariadb: mariadb.TASK_BEFORE },
  { version: 8, sqlite: COPY_DELETIONS, mariadb: mariadb.COPY_DELETIONS },
  // SQLite has one writer, and needs none of it.
  { version: 9, sqlite: [], mariadb: mariadb.SEVERAL_WRITERS },
];

/** The version of our own part of the schema that this program works with. */
export const OWN_VERSION = Math.max(...OWN_MIGRATIONS.map(({ version }) => version));
