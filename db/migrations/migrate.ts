/** Brings a database to the schema that this program works with. */
import type { WriteConn } from "../conn.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { CACHE_TABLES } from "./baseline_cache.ts";
import { IMAGE_TABLES } from "./baseline_images.ts";
import { METADEF_TABLES } from "./baseline_metadefs.ts";
import { catalogOf } from "./catalog.ts";
import { migrateMariadb } from "./mariadb/migrate.ts";
import { OWN_MIGRATIONS } from "./own.ts";
import { HEAD } from "./revisions.ts";
import { isComplete, refuseForeign, type SchemaState, schemaState } from "./state.ts";

/** What a migration found before it began. */
export interface Migrated {
  before: SchemaState;
}

const MIGRATE: Record<Dialect["name"], (conn: WriteConn) => Promise<Migrated>> = {
  sqlite: migrateSqlite,
  mariadb: migrateMariadb,
};

/**
 * Makes a new schema, or adds to an upstream one what is missing and our own tables and indexes. Runs inside the
 * caller's write transaction, so two processes cannot migrate at once; on MariaDB outside of any, in steps that can run
 * again. Errors: database, unavailable.
 */
export function migrate(conn: WriteConn): Promise<Migrated> {
  return MIGRATE[conn.dialect.name](conn);
}

async function migrateSqlite(conn: WriteConn): Promise<Migrated> {
  const before = await schemaState(conn);
  refuseForeign(before);
  if (!isComplete(before)) {
    if (before.empty) await runAll(conn, [...IMAGE_TABLES, ...METADEF_TABLES, ...CACHE_TABLES]);
    else await completeUpstream(conn);
    await conn.run("DELETE FROM alembic_version");
    await conn.run("INSERT INTO alembic_version (version_num) VALUES (?)", [HEAD]);
  }
  for (const { version, sqlite } of OWN_MIGRATIONS.filter(({ version }) => version > before.own)) {
    await runAll(conn, sqlite);
    await conn.run("INSERT INTO oneglance_schema (version, applied_at) VALUES (?, ?)", [version, conn.now()]);
  }
  return { before };
}

async function runAll(conn: WriteConn, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await conn.run(statement);
}

/** What the revisions from Train to 2024.1 brought: three columns of tasks (Wallaby), the cache tables (2024.1). */
async function completeUpstream(conn: WriteConn): Promise<void> {
  const columns = await catalogOf(conn).columns(conn, "tasks");
  const added = [["image_id", "VARCHAR(36)"], ["request_id", "VARCHAR(64)"], [
    "user_id",
    "VARCHAR(64)",
  ]] as const;
  for (const [name, type] of added.filter(([name]) => !columns.includes(name))) {
    await conn.run(`ALTER TABLE tasks ADD COLUMN ${name} ${type}`);
    if (name === "image_id") await conn.run("CREATE INDEX ix_tasks_image_id ON tasks (image_id)");
  }
  if (!(await catalogOf(conn).tables(conn)).includes("node_reference")) await runAll(conn, CACHE_TABLES);
}
