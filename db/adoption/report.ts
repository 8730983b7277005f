/** Whether oneglance can take over a database of Glance, and what it would see differently (docs/exchange.md). */
import { isError } from "../../src/errors.ts";
import type { Conn } from "../conn.ts";
import { HEAD } from "../migrations/revisions.ts";
import { isSynced, refuseForeign, schemaState } from "../migrations/state.ts";
import type { Finding, Weight } from "./finding.ts";
import { findLocations, type Locate } from "./locations.ts";
import { findRows } from "./rows.ts";
import { findServer } from "./server.ts";

export interface AdoptionReport {
  /** Such as `MariaDB 10.11.6` or `SQLite`. */
  database: string;
  /** Rows of alembic_version. */
  revisions: string[];
  /** Images that are not deleted; null when the tables cannot be read. */
  images: number | null;
  /** The weightiest first. */
  findings: Finding[];
}

export interface AdoptionSettings {
  /** `metadata_encryption_key`; null: not set. */
  locationKey: string | null;
  locate: Locate;
}

const ORDER: readonly Weight[] = ["blocks", "wait", "differs", "note"];

/** Reads, and changes nothing. Errors: database, unavailable, config. */
export async function adoptionReport(conn: Conn, settings: AdoptionSettings): Promise<AdoptionReport> {
  const state = await schemaState(conn);
  const report = { database: await nameOf(conn), revisions: state.revisions, images: null, findings: [] };
  const refusal = refusalOf(() => refuseForeign(state));
  if (refusal !== null || state.empty) return { ...report, findings: [unusable(refusal)] };
  const findings = [
    ...(isSynced(state) ? [] : [syncNote(state.revisions)]),
    ...(conn.dialect.name === "mariadb" ? await findServer(conn) : []),
    ...await findLocations(conn, settings.locationKey, settings.locate),
    ...await findRows(conn),
  ];
  const images = await conn.one("SELECT count(*) AS n FROM images WHERE deleted = 0");
  return {
    ...report,
    images: Number(images?.n),
    findings: findings.toSorted((a, b) => ORDER.indexOf(a.weight) - ORDER.indexOf(b.weight)),
  };
}

async function nameOf(conn: Conn): Promise<string> {
  if (conn.dialect.name === "sqlite") return "SQLite";
  return `MariaDB ${String((await conn.one("SELECT version() AS version"))?.version)}`;
}

function refusalOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (isError(error)) return error.message;
    throw error;
  }
}

const unusable = (refusal: string | null): Finding => ({
  code: "revision",
  weight: "blocks",
  count: 1,
  examples: [],
  what: refusal ?? "The database is empty: there is nothing of Glance to take over.",
  todo: refusal === null ? 'Make its tables with "db sync".' : "Do what the message says first.",
});

const syncNote = (revisions: readonly string[]): Finding => ({
  code: "sync",
  weight: "note",
  count: 1,
  examples: [...revisions],
  what: revisions.includes(HEAD)
    ? "oneglance's own tables and indexes are missing or older"
    : `the tables are older than ${HEAD}`,
  todo: '"oneglance db sync" adds what is missing while Glance goes on working.',
});
