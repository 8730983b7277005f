/** Connections to a database file, with the settings that each needs. */
import { dirname, resolve } from "node:path";
import { fail } from "../../src/errors.ts";
import type { ConnSettings } from "../conn_settings.ts";
import { migrate } from "../migrations/migrate.ts";
import { refuseNetworkFilesystem } from "../network_filesystem.ts";
import { whileBusy } from "./busy.ts";
import { EmbeddedConn } from "./embedded.ts";
import { isBusy } from "./engine_error.ts";

/** A writer may wait in its own thread; a read waits on the event loop, and only for a file's recovery. */
const WRITER_BUSY_MILLIS = 250;
const READER_BUSY_MILLIS = 1000;
/**
 * Pages of the log (16 MiB) before they are copied into the database. At the engine's 1,000 a page that many creates
 * share is copied, and synced, four times as often: a quarter of the pace, wherever syncs are slow.
 */
const CHECKPOINT_PAGES = 4000;
/** KiB of pages that the writer keeps: what a create touches of the indexes of some 10,000 images. */
const WRITER_CACHE_KIB = 8000;

/**
 * What must hold before the engine touches the file: a directory that is there, local, and writable.
 * `create`: make the directory and the file, readable by the owner alone. Errors: database.
 */
export function prepareFile(file: string, options: { create: boolean; force: boolean }): string {
  const path = resolve(file);
  const directory = dirname(path);
  if (options.create) Deno.mkdirSync(directory, { recursive: true, mode: 0o750 });
  if (!isPresent(directory)) {
    fail("database", `The directory ${directory} of the database does not exist. Create it first.`);
  }
  if (!options.force) refuseNetworkFilesystem(directory);
  const there = isPresent(path);
  if (!there && !options.create) {
    fail("database", `The database ${path} does not exist. Create it with "db sync".`);
  }
  try {
    // Also for a database that is there: without the right to write, the engine fails later and less clearly.
    Deno.openSync(path, { write: true, create: !there, mode: 0o600 }).close();
  } catch (error) {
    fail("database", `The database ${path} cannot be written: ${(error as Error).message}`, { cause: error });
  }
  return path;
}

/** Whether there is a file or directory of that name. */
export function isPresent(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The connection that writes. Every commit is on disk when it returns. */
export async function openWriter(path: string, settings?: ConnSettings): Promise<EmbeddedConn> {
  const conn = new EmbeddedConn(path, WRITER_BUSY_MILLIS, settings);
  try {
    // Of two processes that open a new file at once, one gets an error that the file is locked, whatever the timeout.
    await whileBusy(() => conn.exec("PRAGMA journal_mode = WAL"));
    await whileBusy(() => conn.exec("PRAGMA synchronous = FULL"));
    await whileBusy(() => conn.exec("PRAGMA foreign_keys = ON"));
    conn.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${WRITER_CACHE_KIB}`);
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}

/**
 * Ends a connection that wrote. The engine leaves its log beside the database while statements wait to be collected;
 * copied into the database here, it is not missing when an operator saves, moves or hands back that file alone.
 */
export function closeWriter(conn: EmbeddedConn): void {
  try {
    conn.all("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // Another process uses the database, and does this when it ends. Nothing is lost meanwhile.
  } finally {
    conn.close();
  }
}

/** The connection that reads; it cannot write. */
export async function openReader(path: string, settings?: ConnSettings): Promise<EmbeddedConn> {
  const conn = new EmbeddedConn(path, READER_BUSY_MILLIS, settings);
  try {
    await whileBusy(() => conn.exec("PRAGMA query_only = ON"));
    await whileBusy(() => conn.one("SELECT 1 AS alive FROM sqlite_schema"));
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}

/**
 * Refuses to continue when the lock that the writer's thread holds does not keep `reader` out. That is so on a file
 * system without locks, and when the two threads run two copies of the engine: file locks belong to the process,
 * and each copy would take them from the other. Either damages the database. Errors: database.
 */
export function requireLocks(reader: EmbeddedConn): void {
  try {
    reader.exec("PRAGMA busy_timeout = 0; PRAGMA query_only = OFF");
    reader.exec("BEGIN IMMEDIATE");
    reader.exec("ROLLBACK");
  } catch (error) {
    if (isBusy(error)) return;
    throw error;
  } finally {
    reader.exec(`PRAGMA busy_timeout = ${READER_BUSY_MILLIS}; PRAGMA query_only = ON`);
  }
  fail(
    "database",
    "Locks do not work on the database: its file system has none, or the engine is loaded twice.",
  );
}

/** Runs `action` in one write transaction of a connection of its own: for migrations, before anything serves. */
export async function inTransaction<T>(
  path: string,
  action: (conn: EmbeddedConn) => Promise<T>,
): Promise<T> {
  const conn = await openWriter(path);
  try {
    await whileBusy(() => conn.exec("BEGIN IMMEDIATE"));
    try {
      const result = await action(conn);
      await whileBusy(() => conn.exec("COMMIT"));
      return result;
    } catch (error) {
      if (conn.inTransaction) conn.exec("ROLLBACK");
      throw error;
    }
  } finally {
    closeWriter(conn);
  }
}

/** Migrates a database file. */
export function migrateFile(path: string): ReturnType<typeof migrate> {
  return inTransaction(path, migrate);
}
