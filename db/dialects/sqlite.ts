/** SQLite, embedded or on a libSQL server. */
import { placeholders } from "../conn.ts";
import { sql } from "../sql.ts";
import { type ComputedColumn, type Dialect, PRIMARY } from "./dialect.ts";

/** The indexes of ours are on these expressions, word for word. */
const COMPUTED: Record<ComputedColumn, (alias: string) => string> = {
  name: (alias) => `coalesce(${alias}.name, '')`,
  disk_format: (alias) => `coalesce(${alias}.disk_format, '')`,
  container_format: (alias) => `coalesce(${alias}.container_format, '')`,
  size: (alias) => `coalesce(${alias}.size, 0)`,
  updated_at: (alias) => `coalesce(${alias}.updated_at, ${alias}.created_at)`,
};

const excluded = (columns: readonly string[]) => columns.map((name) => `${name} = excluded.${name}`);
const withoutAlias = (column: string) => column.slice(column.indexOf(".") + 1);

export const SQLITE: Dialect = {
  name: "sqlite",
  sortsWithinGroups: true,
  foldsText: false,
  utcNow: "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
  fromNow: "strftime('%Y-%m-%d %H:%M:%f000', 'now', ? || ' seconds')",
  heldText: (text) => text,
  forUpdate: "",

  through(table, index) {
    const name = index === PRIMARY ? `sqlite_autoindex_${table.split(" ", 1)[0]}_1` : index;
    return `${table} INDEXED BY ${name}`;
  },

  computed: (alias, column) => COMPUTED[column](alias),

  // The order is in an inner query, where it comes from the index; ORDER BY inside the aggregate would sort, at
  // twice the cost of a whole image.
  collect({ columns, from, where, order }) {
    const names = columns.map(withoutAlias).join(", ");
    const element = columns.length === 1 ? names : `json_array(${names})`;
    return `(SELECT json_group_array(${element}) FROM (SELECT ${columns.join(", ")} FROM ${from}
      WHERE ${where} ORDER BY ${order}))`;
  },

  collectById: ({ id, ...rows }) => SQLITE.collect({ ...rows, order: id }),

  limited: (select) => `SELECT * FROM (${select})`,

  // One comparison of rows is one step on the index, also among many equal first keys.
  after(keys, direction, values) {
    const sign = direction === "asc" ? ">" : "<";
    return sql(`(${keys.join(", ")}) ${sign} (${placeholders(keys.length)})`, ...values);
  },

  insertNew(insert, key) {
    const text = `${insert} ON CONFLICT (${key}) DO NOTHING`;
    return async (conn, params) => await conn.run(text, params) === 1;
  },

  orUpdate(key, columns, also = []) {
    return `ON CONFLICT (${key}) DO UPDATE SET ${[...excluded(columns), ...also].join(", ")}`;
  },

  renamed: () => [],

  insertOrTake({ table, key, overwritten, inserted, zero, when }) {
    const columns = [...key, ...overwritten, ...inserted];
    const set = [...excluded(overwritten), ...zero.map((name) => `${name} = 0`)];
    const text = `INSERT INTO ${table} (${[...columns, ...zero].join(", ")})
     VALUES (${[...columns.map(() => "?"), ...zero.map(() => "0")].join(", ")})
     ON CONFLICT (${key.join(", ")}) DO UPDATE SET ${set.join(", ")} WHERE ${table}.${when} = 1`;
    return async (conn, values) =>
      await conn.run(text, [...values.key, ...values.overwritten, ...values.inserted]) === 1;
  },
};
