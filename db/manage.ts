/** What `glance-manage db` says about a database and does to it (docs/reference/cli.md §1.1). */
import { fail } from "../src/errors.ts";
import { type AdoptionReport, adoptionReport, type AdoptionSettings } from "./adoption/report.ts";
import type { Conn, WriteConn } from "./conn.ts";
import { parseConnection } from "./connection.ts";
import { toGlanceError } from "./engines/engine_error.ts";
import { type MariadbSettings, withMariadb } from "./engines/mariadb.ts";
import { inTransaction, isPresent, openReader, prepareFile } from "./engines/open_file.ts";
import { changeRemote, withRemote } from "./engines/remote.ts";
import { handBack, type HandBackOptions } from "./migrations/hand_back.ts";
import { migrate, type Migrated } from "./migrations/migrate.ts";
import { EXPANDED, HEAD } from "./migrations/revisions.ts";
import {
  EMPTY,
  isComplete,
  isSynced,
  refuseForeign,
  type SchemaState,
  schemaState,
} from "./migrations/state.ts";

/** What a command prints on stdout (lines without the last line feed), and its exit code. */
export interface ManageResult {
  output: string;
  exit: number;
}

export interface ManageOptions {
  /** Accept a network file system. */
  force?: boolean;
  /** What `[database]` says about a MariaDB; default: its defaults. */
  mariadb?: MariadbSettings;
}

const UP_TO_DATE = "Database is up to date. No migrations needed.";
const UNCONTROLLED =
  "Database is either not under migration control or under legacy migration control, please run " +
  '"glance-manage db sync" to place the database under alembic migration control.';

/** The exit codes of `db check`. */
const PENDING = { expand: 3, contract: 5 } as const;

/** Runs `action` on a connection that reads. `absent`: what a missing file gives. */
async function look<T>(
  connection: string,
  { force = false, mariadb }: ManageOptions,
  { action, absent }: { action: (conn: Conn) => Promise<T>; absent: () => T },
): Promise<T> {
  const target = parseConnection(connection);
  try {
    if (target.kind === "mariadb") return await withMariadb(target, action, mariadb);
    if (target.kind === "remote") return await withRemote(target, action);
    if (!isPresent(target.path)) return absent();
    const reader = await openReader(prepareFile(target.path, { create: false, force }));
    try {
      return await action(reader);
    } finally {
      reader.close();
    }
  } catch (error) {
    throw toGlanceError(error);
  }
}

const stateOf = (connection: string, options: ManageOptions): Promise<SchemaState> =>
  look(connection, options, { action: schemaState, absent: () => EMPTY });

/** Runs `action` in one write transaction; on MariaDB, on a connection outside of any. `create`: makes a missing file. */
async function change<T>(
  connection: string,
  { force = false, create, mariadb }: ManageOptions & { create: boolean },
  action: (conn: WriteConn) => Promise<T>,
): Promise<T> {
  const target = parseConnection(connection);
  try {
    if (target.kind === "mariadb") return await withMariadb(target, action, mariadb);
    if (target.kind === "remote") return await changeRemote(target, action);
    return await inTransaction(prepareFile(target.path, { create, force }), action);
  } catch (error) {
    throw toGlanceError(error);
  }
}

const migrateAny = (connection: string, options: ManageOptions): Promise<Migrated> =>
  change(connection, { ...options, create: true }, migrate);

/** `db version`: each revision on a line. Errors: config, database, unavailable. */
export async function databaseVersion(
  connection: string,
  options: ManageOptions = {},
): Promise<ManageResult> {
  const { revisions } = await stateOf(connection, options);
  return { output: revisions.length > 0 ? revisions.join("\n") : UNCONTROLLED, exit: 0 };
}

/** `db check`: exit 0 when nothing is to do, 3 when expansion is, 5 when only contraction is. Errors: as above. */
export async function checkDatabase(
  connection: string,
  options: ManageOptions = {},
): Promise<ManageResult> {
  const state = await stateOf(connection, options);
  refuseForeign(state);
  if (isSynced(state)) return { output: "Database is up to date. No upgrades needed.", exit: 0 };
  const expanded = state.revisions.includes(EXPANDED);
  const [step, which] = expanded ? ["contract", "next"] as const : ["expand", "first"] as const;
  const output =
    `Your database is not up to date. Your ${which} step is to run \`glance-manage db ${step}\`.`;
  return { output, exit: PENDING[step] };
}

/** `db sync`: makes a new database or brings an old one up to date. Errors: config, database, unavailable. */
export async function syncDatabase(
  connection: string,
  options: ManageOptions = {},
): Promise<ManageResult> {
  if (isSynced(await stateOf(connection, options))) return { output: UP_TO_DATE, exit: 0 };
  const { before } = await migrateAny(connection, options);
  // Another process has done it meanwhile.
  if (isSynced(before)) return { output: UP_TO_DATE, exit: 0 };
  if (isComplete(before)) return { output: `${kept(before)}\nDatabase is synced successfully.`, exit: 0 };
  const lines = [
    `Upgraded database to: ${EXPANDED}, current revision(s): ${EXPANDED}`,
    "Database migration is up to date. No migration needed.",
    `Upgraded database to: ${HEAD}, current revision(s): ${HEAD}`,
    "Database is synced successfully.",
  ];
  return { output: lines.join("\n"), exit: 0 };
}

/** `db expand`: does all the work; the later phases have nothing to do. Errors: config, database, unavailable. */
export async function expandDatabase(
  connection: string,
  options: ManageOptions = {},
): Promise<ManageResult> {
  if (isSynced(await stateOf(connection, options))) return { output: UP_TO_DATE, exit: 0 };
  const { before } = await migrateAny(connection, options);
  // Another process has done it meanwhile.
  if (isSynced(before)) return { output: UP_TO_DATE, exit: 0 };
  if (isComplete(before)) return { output: kept(before), exit: 0 };
  return { output: `Upgraded database to: ${EXPANDED}, current revision(s): ${HEAD}`, exit: 0 };
}

/** What was done to a database of a Glance that may go on using it. */
const kept = ({ revisions }: SchemaState) =>
  `Made the tables and indexes of oneglance; the revision of Glance stays ${revisions[0]}.`;

async function laterPhase(connection: string, options: ManageOptions, phase: string): Promise<ManageResult> {
  const state = await stateOf(connection, options);
  refuseForeign(state);
  if (isSynced(state)) return { output: UP_TO_DATE, exit: 0 };
  fail(
    "database",
    `${phase} did not run. ${phase} cannot be run before database expansion. Run database expansion first using ` +
      '"glance-manage db expand"',
  );
}

/** `db migrate`: never anything to do after expansion. Errors: database, before it. */
export function migrateData(
  connection: string,
  options: ManageOptions = {},
): Promise<ManageResult> {
  return laterPhase(connection, options, "Data migration");
}

/** `db contract`: never anything to do after expansion. Errors: database, before it. */
export function contractDatabase(
  connection: string,
  options: ManageOptions = {},
): Promise<ManageResult> {
  return laterPhase(connection, options, "Database contraction");
}

/** `oneglance db hand-back`: for a release of Glance. Errors: config, database, unavailable. */
export async function handBackDatabase(
  connection: string,
  { force, mariadb, ...options }: ManageOptions & HandBackOptions,
): Promise<ManageResult> {
  const done = await change(connection, { force, mariadb, create: false }, (conn) => handBack(conn, options));
  const head = `The database is one of Glance ${options.release} now:`;
  return { output: [head, ...done.map((line) => `  ${line}`)].join("\n"), exit: 0 };
}

/** `oneglance db check --against-glance`. Errors: config, database, unavailable. */
export function databaseAdoption(
  connection: string,
  options: ManageOptions & AdoptionSettings,
): Promise<AdoptionReport> {
  return look(connection, options, {
    action: (conn) => adoptionReport(conn, options),
    absent: () => fail("database", 'The database does not exist. Create it with "db sync".'),
  });
}
