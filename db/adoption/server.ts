/** What a MariaDB server, and the tables as it has them, mean for oneglance. */
import type { Conn } from "../conn.ts";
import { CACHE_TABLES } from "../migrations/mariadb/baseline_cache.ts";
import { IMAGE_TABLES } from "../migrations/mariadb/baseline_images.ts";
import { METADEF_TABLES } from "../migrations/mariadb/baseline_metadefs.ts";
import { OURS } from "../migrations/catalog.ts";
import type { Finding } from "./finding.ts";

const one = (finding: Omit<Finding, "count" | "examples">, examples: string[] = []): Finding => ({
  ...finding,
  count: Math.max(1, examples.length),
  examples,
});

/** The oldest release with what the queries use (JSON_ARRAYAGG). */
const OLDEST: readonly [number, number] = [10, 5];

/** The columns of upstream's tables at the head, by table; what older ones lack a sync adds. */
const COLUMNS: ReadonlyMap<string, readonly string[]> = new Map(
  [...IMAGE_TABLES, ...METADEF_TABLES, ...CACHE_TABLES].map((statement) => [
    /EXISTS (\w+)/.exec(statement)![1]!,
    [...statement.matchAll(/^ {2}([a-z]\w*) /gm)].map(([, name]) => name!),
  ]),
);
const ADDED = ["tasks.image_id", "tasks.request_id", "tasks.user_id"];

/** Looks at the server, then at each table of upstream's. */
export async function findServer(conn: Conn): Promise<Finding[]> {
  return [
    ...await findVersion(conn),
    ...await findTables(conn),
    ...await findColumns(conn),
    ...await findTriggers(conn),
  ];
}

async function findVersion(conn: Conn): Promise<Finding[]> {
  const row = await conn.one("SELECT version() AS version, @@binlog_format AS binlog, @@log_bin AS logs");
  const version = String(row?.version);
  const [, major, minor] = /(\d+)\.(\d+)\.\d+-MariaDB/i.exec(version) ?? [];
  const found: Finding[] = [];
  if (major === undefined) {
    found.push(one({
      code: "not_mariadb",
      weight: "blocks",
      what: `the server is ${version}: oneglance works with MariaDB`,
      todo: `Move the database to a MariaDB of ${OLDEST.join(".")} or later.`,
    }));
  } else if (Number(major) < OLDEST[0] || Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]) {
    found.push(one({
      code: "old_server",
      weight: "blocks",
      what: `the server is ${version}: oneglance needs MariaDB ${OLDEST.join(".")} or later`,
      todo: "Upgrade the server first.",
    }));
  }
  if (Number(row?.logs) === 1 && row?.binlog === "STATEMENT") {
    found.push(one({
      code: "binlog_statement",
      weight: "blocks",
      what: "binlog_format is STATEMENT, with which the server refuses the isolation that oneglance uses",
      todo: "Set binlog_format to MIXED or ROW.",
    }));
  }
  return found;
}

const THEIRS = `table_schema = database() AND left(table_name, ${OURS.length}) <> '${OURS}'`;

async function findTables(conn: Conn): Promise<Finding[]> {
  const rows = await conn.all(
    `SELECT table_name AS name, engine, table_collation AS collation FROM information_schema.tables
    WHERE ${THEIRS} AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  const tables = rows.filter(({ name }) => COLUMNS.has(String(name)) && name !== "alembic_version");
  const standard = await conn.one(
    "SELECT collation_name AS name FROM information_schema.collations WHERE is_default = 'Yes' AND character_set_name = 'utf8mb3'",
  );
  const others = tables.filter(({ engine }) => engine !== "InnoDB").map(({ name }) => String(name));
  const collations = [...new Set(tables.map(({ collation }) => String(collation)))];
  const found: Finding[] = [];
  if (others.length > 0) {
    found.push(one({
      code: "not_innodb",
      weight: "blocks",
      what: "tables are not InnoDB and have no transactions",
      todo: "Convert them: ALTER TABLE name ENGINE=InnoDB.",
    }, others));
  }
  if (collations.length > 1) {
    found.push(one({
      code: "mixed_collations",
      weight: "note",
      what:
        "tables have different collations, and a join between two of them cannot use an index: lists are slow",
      todo: "Convert them to the collation of images (foreign keys have to be dropped for that).",
    }, tables.map(({ name, collation }) => `${name}: ${collation}`)));
  } else if (collations.length === 1 && collations[0] !== String(standard?.name ?? "utf8mb3_general_ci")) {
    found.push(one({
      code: "collation",
      weight: "note",
      what: `tables have the collation ${collations[0]}, not the one that glance-manage gives them here`,
      todo: "Nothing: filters, sorting and unique names follow it, as in Glance.",
    }));
  }
  return found;
}

async function findColumns(conn: Conn): Promise<Finding[]> {
  const rows = await conn.all(
    `SELECT table_name AS owner, column_name AS name, is_nullable AS nullable, column_default AS fallback, extra
    FROM information_schema.columns WHERE ${THEIRS} AND left(column_name, ${OURS.length}) <> '${OURS}'`,
  );
  const there = new Set(rows.map(({ owner, name }) => `${owner}.${name}`));
  const tables = new Set(rows.map(({ owner }) => String(owner)));
  const missing = [...COLUMNS].filter(([table]) => tables.has(table))
    .flatMap(([table, names]) => names.map((name) => `${table}.${name}`))
    .filter((name) => !there.has(name) && !ADDED.includes(name));
  const strange = rows.filter(({ owner, name, nullable, fallback, extra }) =>
    COLUMNS.has(String(owner)) && !COLUMNS.get(String(owner))!.includes(String(name)) && nullable === "NO" &&
    fallback === null && extra === ""
  ).map(({ owner, name }) => `${owner}.${name}`);
  const found: Finding[] = [];
  if (missing.length > 0) {
    found.push(one({
      code: "missing_columns",
      weight: "blocks",
      what: "columns that the revision has are missing",
      todo: "Restore them; somebody has changed the tables by hand.",
    }, missing));
  }
  if (strange.length > 0) {
    found.push(one({
      code: "strange_columns",
      weight: "blocks",
      what: "columns that no Glance has must be given in every new row",
      todo: "Give them a default, or drop them.",
    }, strange));
  }
  return found;
}

async function findTriggers(conn: Conn): Promise<Finding[]> {
  const rows = await conn.all(
    "SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = database()",
  );
  const names = rows.map(({ name }) => String(name));
  const left = names.filter((name) => ["insert_visibility", "update_visibility"].includes(name));
  const others = names.filter((name) => !left.includes(name));
  const found: Finding[] = [];
  if (left.length > 0) {
    found.push(one({
      code: "upgrade_triggers",
      weight: "blocks",
      what: "triggers of an interrupted upgrade to Ocata are left",
      todo: "Drop them: they refer to a column that is gone.",
    }, left));
  }
  if (others.length > 0) {
    found.push(one({
      code: "triggers",
      weight: "note",
      what: "triggers of somebody else act on the database",
      todo: "Look whether what they do still fits.",
    }, others));
  }
  return found;
}
