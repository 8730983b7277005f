/** What an operator asks of a database: its version, whether it is up to date, to bring it up to date (spec/cli.md §1.1). */
import { parseConnection } from "./connection.ts";
import type { Conn } from "./conn.ts";
import { toGlanceError } from "./engines/engine_error.ts";
import { migrateFile, openReader, prepareFile } from "./engines/open_file.ts";
import { migrateRemote, withRemote } from "./engines/remote.ts";
import { isSynced, refuseForeign, type SchemaState, schemaState } from "./migrations/state.ts";

/** What to print, and the exit code. */
export interface ManageResult {
  output: string;
  exit: number;
}

export interface ManageOptions {
  /** Accept a network file system. */
  force: boolean;
}

/** Prints the revision, or that there is none. Errors: config, database. */
export async function databaseVersion(connection: string, options: ManageOptions): Promise<ManageResult> {
  const { revisions } = await stateOf(connection, options);
  const none =
    "Database is either not under migration control or under legacy migration control, please run " +
    '"glance-manage db sync" to place the database under alembic migration control.';
  return { output: revisions.length > 0 ? revisions.join("\n") : none, exit: 0 };
}

/** Exit 0 when nothing is to be done, 3 when a sync is. Errors: config, database. */
export async function checkDatabase(connection: string, options: ManageOptions): Promise<ManageResult> {
  const state = await stateOf(connection, options);
  refuseForeign(state);
  if (isSynced(state)) return { output: "Database is up to date. No upgrades needed.", exit: 0 };
  return {
    output: "Your database is not up to date. Your first step is to run `glance-manage db expand`.\n" +
      "(Here `db sync` does all steps at once.)",
    exit: 3,
  };
}

/** Makes or completes the tables. Errors: config, database, unavailable. */
export async function syncDatabase(connection: string, options: ManageOptions): Promise<ManageResult> {
  const place = parseConnection(connection);
  const { before } = await translated(async () =>
    place.kind === "remote"
      ? await migrateRemote(place)
      : await migrateFile(prepareFile(place.path, { create: true, ...options }))
  );
  const output = isSynced(before)
    ? "Database is up to date. No migrations needed."
    : "Database is synced successfully.";
  return { output, exit: 0 };
}

async function stateOf(connection: string, options: ManageOptions): Promise<SchemaState> {
  const place = parseConnection(connection);
  return await translated(async () => {
    if (place.kind === "remote") return await withRemote(place, schemaState);
    const reader = await openReader(prepareFile(place.path, { create: false, ...options }));
    try {
      return await schemaState(reader as Conn);
    } finally {
      reader.close();
    }
  });
}

async function translated<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toGlanceError(error);
  }
}
