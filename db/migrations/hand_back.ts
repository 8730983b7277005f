/** Gives a database back to an older release of Glance: what that release, or its own `db sync`, cannot read. */
import { fail } from "../../src/errors.ts";
import type { WriteConn } from "../conn.ts";
import { HEAD } from "./revisions.ts";
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

/** Work that a process of oneglance would have to finish. */
const UNDONE: readonly (readonly [table: string, what: string])[] = [
  ["oneglance_tasks", "tasks"],
  ["oneglance_uploads", "uploads"],
  ["oneglance_deletions", "deletions"],
];

/**
 * Makes the database one that a release works with and that its `db sync` takes for its own; returns what was done, a line
 * each. Images, their data and our own tables stay. Runs inside the caller's write transaction.
 * @param release major version of Glance
 * @throws GlanceError `database`: too old a release, a database that is not ours, work in progress
 */
export async function handBack(conn: WriteConn, release: number): Promise<string[]> {
  const known = RELEASES.find(({ from }) => from <= release) ??
    fail("database", `oneglance knows the databases of Glance from ${RELEASES.at(-1)!.from} (Train) on.`);
  const state = await schemaState(conn);
  refuseForeign(state);
  if (!state.revisions.includes(HEAD) || state.own === 0) {
    fail("database", "The database is none that oneglance works with: nothing is to be handed back.");
  }
  await refuseUndone(conn);
  const done: string[] = [];
  if (!known.locationTasks) {
    const renamed = await conn.run(
      "UPDATE tasks SET type = 'api_image_import' WHERE type = 'location_import'",
    );
    if (renamed > 0) done.push(`${renamed} tasks of type location_import: now api_image_import`);
  }
  if (!known.taskColumns) {
    await conn.run("DROP INDEX IF EXISTS ix_tasks_image_id");
    for (const column of ["image_id", "request_id", "user_id"]) {
      await conn.run(`ALTER TABLE tasks DROP COLUMN ${column}`);
    }
    done.push("columns image_id, request_id and user_id of tasks: removed");
  }
  if (!known.cacheTables) {
    for (const table of ["cached_images", "node_reference"]) await conn.run(`DROP TABLE IF EXISTS ${table}`);
    done.push("tables cached_images and node_reference: removed");
  }
  if (known.revision !== HEAD) {
    await conn.run("UPDATE alembic_version SET version_num = ?", [known.revision]);
    done.push(`revision: ${known.revision}`);
  }
  return done;
}

async function refuseUndone(conn: WriteConn): Promise<void> {
  const left: string[] = [];
  for (const [table, what] of UNDONE) {
    const row = await conn.one(`SELECT count(*) AS n FROM ${table}`);
    if (Number(row?.n) > 0) left.push(`${row!.n} ${what}`);
  }
  if (left.length === 0) return;
  fail(
    "database",
    `There is work that only oneglance can finish: ${
      left.join(", ")
    }. Start it once more, wait until that is done ` +
      "and stop it; then hand the database back.",
  );
}
