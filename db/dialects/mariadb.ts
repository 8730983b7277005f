/** MariaDB 10.5 and later, also as a Galera cluster. */
import type { Value } from "../conn.ts";
import { type Sql, sql } from "../sql.ts";
import type { ComputedColumn, Dialect, Direction } from "./dialect.ts";

/**
 * What each session must be set to. JSON_ARRAYAGG silently shortens its result to `group_concat_max_len` bytes; this
 * is the highest value there is. Above `max_allowed_packet` the `json_array(…)` around it gives null, which the
 * callers of `Dialect.collect` refuse.
 */
export const SESSION = {
  group_concat_max_len: 1_073_741_824,
  // Else a list with a filter on tags or properties first collects all rows of that tag, however many.
  optimizer_switch: "'exists_to_in=off'",
} as const;

/** https://mariadb.com/docs/server/reference/error-codes: ER_DUP_ENTRY. By number: the driver's names are MySQL's. */
export const DUPLICATE = 1062;

/** Whether the error of a statement says that a row with its key is there. The statement alone was taken back. */
function isDuplicate(error: unknown): boolean {
  return (error as { errno?: unknown } | null)?.errno === DUPLICATE;
}

/** ER_CANT_AGGREGATE_2COLLATIONS, and the same for three texts and for more. */
const NOT_COMPARABLE = new Set([1267, 1270, 1271]);

/**
 * Whether a SELECT failed because one of its values has a character that the compared column cannot hold, such as an
 * emoji with utf8mb3. No row has such a value.
 */
export function isForeignText(error: unknown, params: readonly Value[] = []): boolean {
  const errno = (error as { errno?: unknown } | null)?.errno;
  // Columns of two character sets give the same error: that is a fault of the schema and must be seen.
  return typeof errno === "number" && NOT_COMPARABLE.has(errno) &&
    params.some((value) => typeof value === "string" && /[^ -~]/.test(value));
}

/** Virtual columns of ours, which the indexes need: MariaDB has no indexes on expressions. */
const COMPUTED: Record<ComputedColumn, string> = {
  name: "oneglance_name",
  disk_format: "oneglance_disk_format",
  container_format: "oneglance_container_format",
  size: "oneglance_size",
  updated_at: "oneglance_updated_at",
};

const newValues = (columns: readonly string[]) => columns.map((name) => `${name} = VALUES(${name})`);

/**
 * `(a, b) < (?, ?)` written out: MariaDB takes no index for a comparison of rows. It does for this, and the bound on
 * the first key, which is there twice, is the range that it begins with.
 */
function after(keys: readonly string[], direction: Direction, values: readonly Value[]): Sql {
  const sign = direction === "asc" ? ">" : "<";
  const [key = "1", ...others] = keys;
  const [value = null, ...rest] = values;
  if (others.length === 0) return sql(`${key} ${sign} ?`, value);
  const deeper = after(others, direction, rest);
  return sql(
    `(${key} ${sign}= ? AND (${key} ${sign} ? OR ${deeper.text}))`,
    value,
    value,
    ...deeper.params,
  );
}

export const MARIADB: Dialect = {
  name: "mariadb",
  sortsWithinGroups: false,
  foldsText: true,
  utcNow: "utc_timestamp(6)",
  fromNow: "(utc_timestamp(6) + INTERVAL ? SECOND)",
  // utf8mb3 has no character beyond the basic plane, and a character of it is up to three of 65,535 bytes.
  heldText: (text) => text.replace(/[\u{10000}-\u{10FFFF}]/gu, "\ufffd").slice(0, 21_845),
  forUpdate: " FOR UPDATE",

  through: (table, index) => `${table} FORCE INDEX (${index})`,

  computed: (alias, column) => `${alias}.${COMPUTED[column]}`,

  collect({ columns, from, where, order }) {
    const element = columns.length === 1 ? columns[0] : `json_array(${columns.join(", ")})`;
    return `(SELECT json_arrayagg(${element} ORDER BY ${order}) FROM ${from} WHERE ${where})`;
  },

  // JSON_ARRAYAGG makes a temporary table for each subquery, mostly on disk; JSON_OBJECTAGG makes none.
  collectById({ columns, from, where, id }) {
    const element = columns.length === 1 ? columns[0] : `json_array(${columns.join(", ")})`;
    return `(SELECT json_objectagg(${id}, ${element}) FROM ${from} WHERE ${where})`;
  },

  limited: (select) => `(${select})`,

  after,

  // ON DUPLICATE KEY UPDATE counts a row that stays as it is like one that is new, and IGNORE also cuts values.
  insertNew(insert) {
    return async (conn, params) => {
      try {
        await conn.run(insert, params);
        return true;
      } catch (error) {
        if (isDuplicate(error)) return false;
        throw error;
      }
    };
  },

  orUpdate(_, columns, also = []) {
    return `ON DUPLICATE KEY UPDATE ${[...newValues(columns), ...also].join(", ")}`;
  },

  // Assignments see those before them: `deleted` must be set after this one.
  renamed: (column) => [`${column} = IF(deleted = 1, VALUES(${column}), ${column})`],

  insertOrTake({ table, key, overwritten, inserted, zero, when }) {
    const zeros = zero.map((name) => `${name} = 0`);
    const set = [...overwritten.map((name) => `${name} = ?`), ...zeros].join(", ");
    const update = `UPDATE ${table} SET ${set}
      WHERE ${key.map((name) => `${name} = ?`).join(" AND ")} AND ${when} = 1`;
    const columns = [...key, ...overwritten, ...inserted];
    const insert = MARIADB.insertNew(
      `INSERT INTO ${table} (${[...columns, ...zero].join(", ")})
       VALUES (${[...columns.map(() => "?"), ...zero.map(() => "0")].join(", ")})`,
      key.join(", "),
    );
    return async (conn, { key, overwritten, inserted }) =>
      await conn.run(update, [...overwritten, ...key]) === 1 ||
      await insert(conn, [...key, ...overwritten, ...inserted]);
  },
};
