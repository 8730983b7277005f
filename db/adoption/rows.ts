/** Rows of a database of Glance that are not simply taken over. */
import type { Conn } from "../conn.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { Finding } from "./finding.ts";

/** How many rows of a kind are named. */
const EXAMPLES = 5;

interface RowCheck extends Omit<Finding, "count" | "examples"> {
  /** What the rows are named by. */
  example: string;
  /** FROM and WHERE, of one row for each that is found. */
  from: string;
  /** Default: every dialect. */
  on?: Dialect["name"];
}

const STUCK =
  "Wait until Glance has finished. What a dead process left is put back after the exchange: oneglance " +
  "stuck --put-back.";
const SCRUBBER =
  "Run glance-scrubber until nothing is left before you remove Glance: oneglance has no scrubber yet.";
const REPAIR =
  "Repair or delete them; Glance answers 500 for them, oneglance does not promise what it shows.";

const property = (name: string) =>
  `image_properties WHERE deleted = 0 AND name = '${name}' AND coalesce(value, '') <> ''`;

const BAD_TIME: Record<Dialect["name"], (column: string) => string> = {
  sqlite: (column) => `(${column} IS NOT NULL AND julianday(${column}) IS NULL)`,
  mariadb: (column) => `(year(${column}) = 0 OR month(${column}) = 0 OR dayofmonth(${column}) = 0)`,
};

const badTimes = (on: Dialect["name"]): RowCheck[] =>
  ["images", "tasks", "metadef_namespaces"].map((table) => ({
    code: `zero_dates_${table}`,
    weight: "differs",
    on,
    example: "id",
    from: `${table} WHERE ${["created_at", "updated_at"].map(BAD_TIME[on]).join(" OR ")}`,
    what: `rows of ${table} have a time that is none, such as 0000-00-00`,
    todo: REPAIR,
  }));

const badJson = (table: string, column: string, example = "id"): RowCheck => ({
  code: `json_${table}_${column}`,
  weight: "differs",
  example,
  from: `${table} WHERE ${column} IS NOT NULL AND json_valid(${column}) = 0`,
  what: `rows of ${table} have a ${column} that is no JSON`,
  todo: REPAIR,
});

const CHECKS: readonly RowCheck[] = [
  {
    code: "images_in_transfer",
    weight: "wait",
    example: "id",
    from: "images WHERE deleted = 0 AND status IN ('saving', 'uploading', 'importing')",
    what: "images are being uploaded, staged or imported",
    todo: STUCK,
  },
  {
    code: "tasks_in_flight",
    weight: "wait",
    example: "id",
    from: "tasks WHERE deleted = 0 AND status IN ('pending', 'processing')",
    what: "tasks have not ended",
    todo: STUCK,
  },
  {
    code: "import_locks",
    weight: "wait",
    example: "image_id",
    from: property("os_glance_import_task"),
    what: "images are locked by an import",
    todo: STUCK,
  },
  {
    code: "importing_to_stores",
    weight: "wait",
    example: "image_id",
    from: property("os_glance_importing_to_stores"),
    what: "images are being copied to stores",
    todo: STUCK,
  },
  {
    code: "staged_on_hosts",
    weight: "wait",
    example: "image_id",
    from: property("os_glance_stage_host"),
    what: "images are staged on one host (worker_self_reference_url)",
    todo: "Import or delete them, or keep that host's name and staging area until they are.",
  },
  {
    code: "pending_locations",
    weight: "wait",
    example: "image_id",
    from: "image_locations WHERE deleted = 0 AND value LIKE 'pending://%'",
    what: "locations stand in for a copy that is being made",
    todo: STUCK,
  },
  {
    code: "pending_delete_images",
    weight: "wait",
    example: "id",
    from: "images WHERE status = 'pending_delete'",
    what: "deleted images still have their data (delayed_delete)",
    todo: SCRUBBER,
  },
  {
    code: "pending_delete_locations",
    weight: "wait",
    example: "image_id",
    from: "image_locations WHERE status = 'pending_delete'",
    what: "removed locations still have their data (delayed_delete)",
    todo: SCRUBBER,
  },
  ...badTimes("sqlite"),
  ...badTimes("mariadb"),
  badJson("image_locations", "meta_data", "image_id"),
  badJson("task_info", "input", "task_id"),
  badJson("task_info", "result", "task_id"),
  badJson("metadef_objects", "json_schema"),
  badJson("metadef_properties", "json_schema"),
  {
    code: "unknown_status",
    weight: "differs",
    example: "id",
    from:
      `images WHERE status NOT IN ('queued', 'saving', 'uploading', 'importing', 'active', 'deactivated', 'killed',
      'deleted', 'pending_delete')`,
    what: "images have a status that no Glance knows",
    todo: "Set it right: nothing can be done with them through the API.",
  },
  {
    code: "unknown_visibility",
    weight: "differs",
    example: "id",
    from: "images WHERE visibility NOT IN ('private', 'public', 'shared', 'community')",
    what: "images have a visibility that no Glance knows",
    todo: "Set it right: nobody but an admin sees them.",
  },
  {
    code: "killed_images",
    weight: "note",
    example: "id",
    from: "images WHERE deleted = 0 AND status = 'killed'",
    what: "images were killed by an old Glance",
    todo: "Delete them; nothing else is possible.",
  },
  {
    code: "tags_twice",
    weight: "differs",
    on: "sqlite",
    example: "image_id",
    from:
      `(SELECT image_id FROM image_tags WHERE deleted = 0 GROUP BY image_id, value HAVING count(*) > 1) twice`,
    what: "tags are there twice on their image",
    todo: "Nothing: each is shown once, and removed with all its rows (by Glance, a row at a time).",
  },
  {
    code: "tags_twice",
    weight: "differs",
    on: "mariadb",
    example: "image_id",
    from: `(SELECT image_id FROM image_tags WHERE deleted = 0 GROUP BY image_id, CAST(value AS BINARY)
      HAVING count(*) > 1) AS twice`,
    what: "tags are there twice on their image",
    todo: "Nothing: each is shown once, and removed with all its rows (by Glance, a row at a time).",
  },
  {
    code: "tags_alike",
    weight: "note",
    on: "mariadb",
    example: "image_id",
    from: `(SELECT image_id FROM image_tags WHERE deleted = 0 GROUP BY image_id, value
      HAVING count(DISTINCT CAST(value AS BINARY)) > 1) AS alike`,
    what: "tags of one image are equal for the database (case, accents or trailing spaces)",
    todo: "Nothing: a filter finds all of them, as in Glance.",
  },
  {
    code: "members_twice",
    weight: "differs",
    example: "image_id",
    from:
      `(SELECT image_id FROM image_members WHERE deleted = 0 GROUP BY image_id, member HAVING count(*) > 1) AS twice`,
    what: "members are there twice on their image",
    todo: "Nothing: a change or removal is of all their rows (in Glance, of one).",
  },
  ...["image_properties", "image_tags", "image_members", "image_locations"].map((table): RowCheck => ({
    code: `orphans_${table}`,
    weight: "note",
    on: "sqlite",
    example: "image_id",
    from: `${table} c WHERE NOT EXISTS (SELECT 1 FROM images i WHERE i.id = c.image_id)`,
    what: `rows of ${table} belong to no image`,
    todo: "Nothing: nobody sees them.",
  })),
];

/** Looks for each kind of row. Reads much: some tables as a whole. */
export async function findRows(conn: Conn): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const { example, from, on = conn.dialect.name, ...about } of CHECKS) {
    if (on !== conn.dialect.name) continue;
    const total = await conn.one(`SELECT count(*) AS n FROM ${from}`);
    if (Number(total?.n) === 0) continue;
    const rows = await conn.all(`SELECT ${example} AS example FROM ${from} ORDER BY 1 LIMIT ${EXAMPLES}`);
    found.push({ ...about, count: Number(total?.n), examples: rows.map((row) => String(row.example)) });
  }
  return found;
}
