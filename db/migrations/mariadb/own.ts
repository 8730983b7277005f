/**
 * Our own tables, columns and indexes on MariaDB, version by version as in `OWN_MIGRATIONS`; never edited once released.
 *
 * Every statement can run again, so that a sync that was killed is completed by the next one. No statement copies a
 * table of upstream's or keeps others from writing to it: `INSTANT` and `INPLACE, LOCK=NONE` fail where the server
 * could not do it that way. MariaDB has no partial indexes, so these begin with `deleted`; and no indexes on
 * expressions, so these use columns that are computed and not stored. The columns are invisible: a statement that
 * does not name them, such as Glance's, neither reads nor writes them.
 *
 * `{images.id}` is the character set and collation of that column, without which a join could not use its key. What a table of
 * ours keeps of other services is in utf8mb4, which loses no character. Leases have an index on their token: without
 * it a statement would wait for the rows of every other lease.
 */

const TABLE = "CREATE TABLE IF NOT EXISTS";
const OPTIONS = "ENGINE=InnoDB DEFAULT {images.id}";
const ONLINE = "ALGORITHM=INPLACE, LOCK=NONE";
const ANY_TEXT = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

const computed = (name: string, type: string, expression: string) =>
  `ALTER TABLE images ADD COLUMN IF NOT EXISTS oneglance_${name} ${type} AS (${expression}) VIRTUAL INVISIBLE, ALGORITHM=INSTANT`;
const index = (table: string, name: string, columns: string) =>
  `ALTER TABLE ${table} ADD INDEX IF NOT EXISTS oneglance_${name} (${columns}), ${ONLINE}`;

/** Version 1: see `LISTING` of SQLite. */
export const LISTING: readonly string[] = [
  `${TABLE} oneglance_schema (
  version INTEGER NOT NULL,
  applied_at DATETIME(6) NOT NULL,
  PRIMARY KEY (version)
) ${OPTIONS}`,
  computed("name", "VARCHAR(255) {images.name}", "coalesce(name, '')"),
  computed("disk_format", "VARCHAR(20) {images.disk_format}", "coalesce(disk_format, '')"),
  computed("container_format", "VARCHAR(20) {images.container_format}", "coalesce(container_format, '')"),
  computed("size", "BIGINT", "coalesce(size, 0)"),
  computed("updated_at", "DATETIME", "coalesce(updated_at, created_at)"),
  index("images", "images_created", "deleted, os_hidden, created_at, id"),
  index("images", "images_visibility", "deleted, os_hidden, visibility, created_at, id"),
  index("images", "images_owner", "deleted, os_hidden, owner, created_at, id"),
  index("images", "images_name", "deleted, os_hidden, oneglance_name, created_at, id"),
  index("images", "images_status", "deleted, os_hidden, status, created_at, id"),
  index("images", "images_disk_format", "deleted, os_hidden, oneglance_disk_format, created_at, id"),
  index(
    "images",
    "images_container_format",
    "deleted, os_hidden, oneglance_container_format, created_at, id",
  ),
  index("images", "images_size", "deleted, os_hidden, oneglance_size, created_at, id"),
  index("images", "images_updated", "deleted, os_hidden, oneglance_updated_at, created_at, id"),
  // Of a text the beginning alone can be indexed; more characters do not fit in old row formats.
  index("image_properties", "properties_value", "deleted, name, value(191), image_id"),
  index("image_members", "members_member", "deleted, member, status, image_id"),
  index("image_tags", "tags_value", "deleted, value, image_id"),
];

/** Version 2: see `UPLOADS` of SQLite. */
export const UPLOADS: readonly string[] = [
  `${TABLE} oneglance_uploads (
  image_id VARCHAR(36) NOT NULL,
  token VARCHAR(36) NOT NULL,
  owner VARCHAR(255) ${ANY_TEXT} NOT NULL,
  store_id VARCHAR(255) ${ANY_TEXT},
  expires_at DATETIME(6) NOT NULL,
  PRIMARY KEY (image_id),
  KEY oneglance_uploads_token (token)
) ${OPTIONS}`,
];

/** Version 3: see `METADEFS` of SQLite. */
export const METADEFS: readonly string[] = [
  index("metadef_namespaces", "metadefs_created", "created_at, id"),
];

/** Version 4: see `TASKS` of SQLite. */
export const TASKS: readonly string[] = [
  `${TABLE} oneglance_tasks (
  task_id VARCHAR(36) NOT NULL,
  image_id VARCHAR(36),
  token VARCHAR(36) NOT NULL,
  owner VARCHAR(255) ${ANY_TEXT} NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  attempts INTEGER NOT NULL,
  caller MEDIUMTEXT ${ANY_TEXT} NOT NULL,
  step VARCHAR(30) NOT NULL,
  bytes BIGINT NOT NULL,
  total BIGINT,
  rate BIGINT,
  PRIMARY KEY (task_id),
  KEY oneglance_tasks_image (image_id),
  KEY oneglance_tasks_token (token)
) ${OPTIONS}`,
];

/** Version 5: see `OUTBOX` of SQLite. */
export const OUTBOX: readonly string[] = [
  `${TABLE} oneglance_outbox (
  id BIGINT NOT NULL AUTO_INCREMENT,
  message_id VARCHAR(36) NOT NULL,
  event_type VARCHAR(255) NOT NULL,
  priority VARCHAR(5) NOT NULL,
  about VARCHAR(10) NOT NULL,
  body MEDIUMTEXT ${ANY_TEXT} NOT NULL,
  extra MEDIUMTEXT ${ANY_TEXT},
  created_at DATETIME(6) NOT NULL,
  owner VARCHAR(255) ${ANY_TEXT},
  expires_at DATETIME(6),
  PRIMARY KEY (id)
) ${OPTIONS}`,
];

/** Version 6: see `DELETIONS` of SQLite. */
export const DELETIONS: readonly string[] = [
  `${TABLE} oneglance_deletions (
  image_id VARCHAR(36) NOT NULL,
  token VARCHAR(36) NOT NULL,
  owner VARCHAR(255) ${ANY_TEXT} NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  was VARCHAR(30) NOT NULL,
  PRIMARY KEY (image_id),
  KEY oneglance_deletions_token (token)
) ${OPTIONS}`,
];

/** Version 7: see `TASK_BEFORE` of SQLite. */
export const TASK_BEFORE: readonly string[] = [
  `ALTER TABLE oneglance_tasks ADD COLUMN IF NOT EXISTS \`before\` MEDIUMTEXT ${ANY_TEXT}`,
];

/** Version 8: see `COPY_DELETIONS` of SQLite. */
export const COPY_DELETIONS: readonly string[] = [
  `ALTER TABLE oneglance_deletions ADD COLUMN IF NOT EXISTS location_ids MEDIUMTEXT ${ANY_TEXT}`,
];

/** Version 9: what several writers need (docs/adr/0013-mariadb-writes.md). */
export const SEVERAL_WRITERS: readonly string[] = [
  `${TABLE} oneglance_commits (
  mark VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_void BOOLEAN NOT NULL,
  made_at DATETIME(6) NOT NULL,
  PRIMARY KEY (mark),
  KEY oneglance_commits_made_at (made_at)
) ENGINE=InnoDB`,
  `${TABLE} oneglance_guards (
  slot INTEGER NOT NULL,
  turn BIGINT NOT NULL,
  PRIMARY KEY (slot)
) ENGINE=InnoDB`,
];
