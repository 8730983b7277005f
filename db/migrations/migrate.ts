/** Brings a database to the schema that this program works with. */
import type { WriteConn } from "../conn.ts";
import { CACHE_TABLES } from "./baseline_cache.ts";
import { IMAGE_TABLES } from "./baseline_images.ts";
import { METADEF_TABLES } from "./baseline_metadefs.ts";
import { OWN_MIGRATIONS } from "./own.ts";
import { HEAD } from "./revisions.ts";
import { refuseForeign, type SchemaState, schemaState } from "./state.ts";

/** What a migration found before it began. */
export interface Migrated {
  before: SchemaState;
}

/**
 * Makes a new schema, or adds to an upstream one what is missing and our own tables and indexes. Runs inside the
 * caller's write transaction, so two processes cannot migrate at once. Errors: database.
 */
export async function migrate(conn: WriteConn): Promise<Migrated> {
  const before = await schemaState(conn);
  refuseForeign(before);
  if (before.empty) await runAll(conn, [...IMAGE_TABLES, ...METADEF_TABLES, ...CACHE_TABLES]);
  else await completeUpstream(conn);
  await conn.run("DELETE FROM alembic_version WHERE version_num <> ?", [HEAD]);
  if (!before.revisions.includes(HEAD)) {
    await conn.run("INSERT INTO alembic_version (version_num) VALUES (?)", [HEAD]);
  }
  for (const { version, statements } of OWN_MIGRATIONS.filter(({ version }) => version > before.own)) {
    await runAll(conn, statements);
    await conn.run("INSERT INTO oneglance_schema (version, applied_at) VALUES (?, ?)", [version, conn.now()]);
  }
  return { before };
}

async function runAll(conn: WriteConn, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await conn.run(statement);
}

/** What the revisions from Train to 2024.1 brought: three columns of tasks (Wallaby), the cache tables (2024.1). */
async function completeUpstream(conn: WriteConn): Promise<void> {
  const columns = (await conn.all("SELECT name FROM pragma_table_info('tasks')")).map((row) => row.name);
  const added = [["image_id", "VARCHAR(36)"], ["request_id", "VARCHAR(64)"], [
    "user_id",
    "VARCHAR(64)",
  ]] as const;
  for (const [name, type] of added.filter(([name]) => !columns.includes(name))) {
    await conn.run(`ALTER TABLE tasks ADD COLUMN ${name} ${type}`);
    if (name === "image_id") await conn.run("CREATE INDEX ix_tasks_image_id ON tasks (image_id)");
  }
  const cache = await conn.one("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'node_reference'");
  if (Number(cache?.n) === 0) await runAll(conn, CACHE_TABLES);
}
