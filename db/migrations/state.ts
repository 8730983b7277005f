/** What schema a database has, and whether this program can work with it. */
import { fail } from "../../src/errors.ts";
import type { Conn } from "../conn.ts";
import { catalogOf } from "./catalog.ts";
import { OWN_VERSION } from "./own.ts";
import { COMPLETE, EXPANDED, HEAD, INCOMPLETE, TOO_OLD } from "./revisions.ts";

export interface SchemaState {
  /** No tables at all, or only some of those that a sync of ours began to make. */
  empty: boolean;
  /** The rows of alembic_version, in order; empty when the table does not exist. */
  revisions: string[];
  /** The last of our own migrations; 0 when there is none. */
  own: number;
}

/** A database without anything in it, or without a file. */
export const EMPTY: SchemaState = { empty: true, revisions: [], own: 0 };

/** Reads the versions of a database. */
export async function schemaState(conn: Conn): Promise<SchemaState> {
  const names = await catalogOf(conn).tables(conn);
  const revisions = names.includes("alembic_version")
    ? await conn.all("SELECT version_num FROM alembic_version ORDER BY version_num")
    : [];
  const own = names.includes("oneglance_schema")
    ? await conn.one("SELECT max(version) AS version FROM oneglance_schema")
    : undefined;
  const begun = names.includes("oneglance_sync")
    ? await conn.one("SELECT begun FROM oneglance_sync WHERE begun = 1")
    : undefined;
  return {
    empty: begun !== undefined || names.every((name) => name === "oneglance_sync"),
    revisions: revisions.map((row) => String(row.version_num)),
    own: Number(own?.version ?? 0),
  };
}

/** Whether the tables of upstream have everything; ours may be missing. */
export function isComplete({ revisions }: SchemaState): boolean {
  return revisions.length === 1 && COMPLETE.includes(revisions[0]!);
}

/** Whether nothing is left to migrate. */
export function isSynced(state: SchemaState): boolean {
  return isComplete(state) && state.own === OWN_VERSION;
}

/**
 * Refuses what this program cannot use or bring up to date. Errors: database, naming the revision and what to do.
 */
export function refuseForeign(state: SchemaState): void {
  if (state.own > OWN_VERSION) {
    fail(
      "database",
      `The database has version ${state.own} of oneglance's own tables, this program knows ${OWN_VERSION}. ` +
        "Use the newer oneglance that made it, or restore the backup from before the upgrade.",
    );
  }
  if (state.empty) return;
  // The head's expand revision brings nothing but what completing an older schema brings, too.
  const contracts = state.revisions.filter((revision) => revision !== EXPANDED);
  const [revision, ...others] = contracts.length > 0 || state.revisions.length === 0 ? contracts : [HEAD];
  if (revision === undefined) {
    fail(
      "database",
      "The database has tables, but no alembic_version row: it is not a glance database, or one from before Ocata. " +
        "Point [database] connection at an empty database, or bring it to Train or later with upstream's " +
        '"glance-manage db sync" first.',
    );
  }
  if (others.length > 0) {
    fail(
      "database",
      `The database is in the middle of a rolling upgrade (revisions ${state.revisions.join(", ")}). ` +
        'Finish it with "glance-manage db contract" of the release that began it.',
    );
  }
  if (COMPLETE.includes(revision) || INCOMPLETE.includes(revision)) return;
  const older = TOO_OLD.includes(revision);
  fail(
    "database",
    older
      ? `The database is at revision ${revision}, older than Train. Bring it to Train or later with upstream's ` +
        '"glance-manage db sync" first.'
      : `The database is at revision ${revision}, which this program does not know (its newest is ${HEAD}). ` +
        "Use a oneglance that knows it.",
  );
}

/** Errors: database, when the schema is not the one that this program works with. */
export async function requireSynced(conn: Conn): Promise<void> {
  const state = await schemaState(conn);
  refuseForeign(state);
  if (isSynced(state)) return;
  const own = state.own === OWN_VERSION ? "" : ` (tables of our own: ${state.own} of ${OWN_VERSION})`;
  const found = state.empty ? "is empty" : `is at revision ${state.revisions[0]}${own}`;
  fail("database", `The database ${found} and must be brought up to date first: run "db sync".`);
}
