/** Gives a database back to an older release of Glance: what that release, or its own `db sync`, cannot read. */
import { fail } from "../../src/errors.ts";
import type { WriteConn } from "../conn.ts";
import { catalogOf, OURS } from "./catalog.ts";
import { COMPLETE, HEAD, INCOMPLETE } from "./revisions.ts";
import { refuseForeign, schemaState } from "./state.ts";

/** What a major version of Glance knows; a release has the first line whose `from` is not above it. */
interface Known {
  from: number;
  /** Contract head of its `db sync`. */
  revision: string;
  cacheTables: boolean;
  /** Columns image_id, request_id and user_id of tasks; a later `db sync` adds them without looking. */
  taskColumns: boolean;
  locationTasks: boolean;
}

const RELEASES: readonly Known[] = [
  { from: 29, revision: HEAD, cacheTables: true, taskColumns: true, locationTasks: true },
  { from: 28, revision: HEAD, cacheTables: true, taskColumns: true, locationTasks: false },
  { from: 26, revision: "2023_1_contract01", cacheTables: false, taskColumns: true, locationTasks: false },
  { from: 22, revision: "wallaby_contract01", cacheTables: false, taskColumns: true, locationTasks: false },
  { from: 20, revision: "ussuri_contract01", cacheTables: false, taskColumns: false, locationTasks: false },
  { from: 19, revision: "train_contract01", cacheTables: false, taskColumns: false, locationTasks: false },
];

/** Revisions, oldest first. */
const AGE: readonly string[] = [...INCOMPLETE, ...COMPLETE];

/** Work that a process of oneglance would have to finish. */
const UNDONE: readonly (readonly [table: string, what: string])[] = [
  ["oneglance_tasks", "tasks"],
  ["oneglance_uploads", "uploads"],
  ["oneglance_deletions", "deletions"],
  ["oneglance_outbox", "notifications"],
];

/** Says that the database is ours; it goes last, so that a hand-back that was killed can run again. */
const MARKER = "oneglance_schema";

export interface HandBackOptions {
  /** Major version of Glance. */
  release: number;
  /** Lose the notifications that are not sent yet. */
  dropNotifications: boolean;
}

/**
 * Makes the database one that a release works with and that its `db sync` takes for its own; returns what was done, a line
 * each. Images and their data stay; our own tables, columns and indexes go. Runs inside the caller's write transaction; on
 * MariaDB outside of any, in steps that can run again.
 * @throws GlanceError `database`: too old a release, a database that is not ours, work in progress
 */
export async function handBack(
  conn: WriteConn,
  { release, dropNotifications }: HandBackOptions,
): Promise<string[]> {
  const known = RELEASES.find(({ from }) => from <= release) ??
    fail("database", `oneglance knows the databases of Glance from ${RELEASES.at(-1)!.from} (Train) on.`);
  const state = await schemaState(conn);
  refuseForeign(state);
  if (state.own === 0) {
    fail("database", "The database is none that oneglance works with: nothing is to be handed back.");
  }
  await refuseUndone(conn, dropNotifications);
  const catalog = catalogOf(conn);
  const done: string[] = [];
  if (!known.locationTasks) {
    const renamed = await conn.run(
      "UPDATE tasks SET type = 'api_image_import' WHERE type = 'location_import'",
    );
    if (renamed > 0) done.push(`${renamed} tasks of type location_import: now api_image_import`);
  }
  if (!known.taskColumns) {
    await catalog.alter(conn, catalog.dropIndex("tasks", "ix_tasks_image_id"));
    const columns = await catalog.columns(conn, "tasks");
    for (const column of ["image_id", "request_id", "user_id"].filter((name) => columns.includes(name))) {
      await catalog.alter(conn, `ALTER TABLE tasks DROP COLUMN ${column}`);
    }
    done.push("columns image_id, request_id and user_id of tasks: removed");
  }
  if (!known.cacheTables && (await catalog.tables(conn)).includes("node_reference")) {
    for (const table of ["cached_images", "node_reference"]) {
      await catalog.alter(conn, `DROP TABLE IF EXISTS ${table}`);
    }
    done.push("tables cached_images and node_reference: removed");
  }
  for (const statement of await catalog.dropsInTheirs(conn)) await catalog.alter(conn, statement);
  // An older one stays: the release's own `db sync` goes on from there.
  if (AGE.indexOf(state.revisions[0]!) > AGE.indexOf(known.revision)) {
    await conn.run("UPDATE alembic_version SET version_num = ?", [known.revision]);
    done.push(`revision: ${known.revision}`);
  }
  const ours = (await catalog.tables(conn)).filter((name) => name.startsWith(OURS) && name !== MARKER);
  for (const table of [...ours, MARKER]) await catalog.alter(conn, `DROP TABLE IF EXISTS ${table}`);
  done.push("tables, columns and indexes of oneglance: removed");
  return done;
}

async function refuseUndone(conn: WriteConn, dropNotifications: boolean): Promise<void> {
  const left: string[] = [];
  // A hand-back that was killed has removed some of them.
  const tables = await catalogOf(conn).tables(conn);
  for (const [table, what] of UNDONE.filter(([table]) => tables.includes(table))) {
    if (dropNotifications && what === "notifications") continue;
    const row = await conn.one(`SELECT count(*) AS n FROM ${table}`);
    if (Number(row?.n) > 0) left.push(`${row!.n} ${what}`);
  }
  if (left.length === 0) return;
  fail(
    "database",
    `There is work that only oneglance can finish: ${
      left.join(", ")
    }. Start it once more, wait until that is done ` +
      "and stop it; then hand the database back." +
      (left.some((text) => text.endsWith(" notifications"))
        ? " Notifications that cannot be sent are given up with --drop-notifications."
        : ""),
  );
}
