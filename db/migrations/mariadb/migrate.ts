/**
 * Brings a MariaDB to the schema that this program works with. MariaDB commits with every change of a table, so each
 * step can run again, and what tells that a step is done is written after it.
 */
import { fail } from "../../../src/errors.ts";
import type { WriteConn } from "../../conn.ts";
import { OWN_MIGRATIONS } from "../own.ts";
import { HEAD } from "../revisions.ts";
import { isComplete, isSynced, refuseForeign, type SchemaState, schemaState } from "../state.ts";
import { CACHE_TABLES } from "./baseline_cache.ts";
import { IMAGE_TABLES } from "./baseline_images.ts";
import { METADEF_TABLES } from "./baseline_metadefs.ts";
import { online } from "./online.ts";
import { type Session, SyncLease } from "./sync_lease.ts";

/** What the revisions from Train to 2024.1 brought: three columns of tasks (Wallaby), the cache tables (2024.1). */
const COMPLETION: readonly string[] = [
  `ALTER TABLE tasks ADD COLUMN IF NOT EXISTS image_id VARCHAR(36), ADD COLUMN IF NOT EXISTS request_id VARCHAR(64),
  ADD COLUMN IF NOT EXISTS user_id VARCHAR(64), ALGORITHM=INSTANT`,
  "ALTER TABLE tasks ADD INDEX IF NOT EXISTS ix_tasks_image_id (image_id), ALGORITHM=INPLACE, LOCK=NONE",
  ...CACHE_TABLES,
];

/**
 * Makes a new schema, or adds to an upstream one what is missing and our own tables, columns and indexes; resolves to
 * the state before. Waits while another process does it. `conn` is one session, outside any transaction. Errors:
 * database, unavailable.
 */
export async function migrateMariadb(conn: Session): Promise<{ before: SchemaState }> {
  refuseForeign(await schemaState(conn));
  const lease = await SyncLease.take(conn);
  try {
    const before = await schemaState(conn);
    refuseForeign(before);
    if (!isSynced(before)) await complete(conn, lease, before);
    return { before };
  } finally {
    await lease.end();
  }
}

async function complete(conn: Session, lease: SyncLease, before: SchemaState): Promise<void> {
  const runAll = async (statements: readonly string[]) => {
    for (const statement of statements) {
      await lease.renew();
      await online(conn, await filledIn(conn, statement));
    }
  };
  if (before.empty) {
    await lease.begin();
    await runAll([...IMAGE_TABLES, ...METADEF_TABLES, ...CACHE_TABLES]);
  } else if (!isComplete(before)) await runAll(COMPLETION);
  if (!isComplete(before)) await setRevision(conn, HEAD);
  for (const { version, mariadb } of OWN_MIGRATIONS.filter(({ version }) => version > before.own)) {
    await runAll(mariadb);
    await conn.run("INSERT IGNORE INTO oneglance_schema (version, applied_at) VALUES (?, UTC_TIMESTAMP(6))", [
      version,
    ]);
  }
}

/** Makes `revision` the only row of alembic_version, at once. */
async function setRevision(conn: Session, revision: string): Promise<void> {
  await conn.run("START TRANSACTION");
  await conn.run("DELETE FROM alembic_version WHERE version_num <> ?", [revision]);
  await conn.run("INSERT IGNORE INTO alembic_version (version_num) VALUES (?)", [revision]);
  await conn.run("UPDATE oneglance_sync SET begun = 0");
  await conn.run("COMMIT");
}

/** Each `{table.column}` as the character set and collation of that column. */
async function filledIn(conn: Pick<WriteConn, "one">, statement: string): Promise<string> {
  const named = /\{(\w+)\.(\w+)\}/.exec(statement);
  if (!named) return statement;
  const [whole, table, column] = named;
  const found = await conn.one(
    `SELECT character_set_name AS charset, collation_name AS collation FROM information_schema.columns
    WHERE table_schema = database() AND table_name = ? AND column_name = ?`,
    [table!, column!],
  );
  if (!found?.charset) fail("database", `The database has no text column ${table}.${column}.`);
  return statement.replace(whole, `CHARACTER SET ${found.charset} COLLATE ${found.collation}`);
}
