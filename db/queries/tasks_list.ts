/** Pages of tasks: keyset paging in the order (key, created_at, id) (spec/tasks-api.md §6). */
import type { Conn, Value } from "../conn.ts";
import type { TaskListQuery, TaskRecord, TaskSortKey } from "../task_records.ts";
import { TASK_COLUMNS, TASK_TABLES, taskOf } from "./task_row.ts";

/** `DatabaseReads.tasks`: always only live tasks. */
export async function listTasks(conn: Conn, query: TaskListQuery): Promise<TaskRecord[]> {
  if (query.limit === 0) return [];
  const conditions = ["t.deleted = 0"];
  const params: Value[] = [];
  if (query.owner !== undefined) {
    conditions.push("t.owner = ?");
    params.push(query.owner);
  }
  for (const [name, value] of Object.entries(query.filters)) {
    conditions.push(`t.${name} = ?`);
    params.push(value);
  }
  const { key, dir } = query.sort;
  // `id` as a key changes nothing in upstream's order.
  const keys = [...new Set<TaskSortKey>([...(key === "id" ? [] : [key]), "created_at", "id"])];
  if (query.marker) {
    const { sql, values } = after(keys, dir, query.marker);
    conditions.push(sql);
    params.push(...values);
  }
  const order = keys.map((name) => `${comparable(name)} ${dir}`).join(", ");
  const rows = await conn.all(
    `SELECT ${TASK_COLUMNS} FROM ${TASK_TABLES} WHERE ${conditions.join(" AND ")} ORDER BY ${order} LIMIT ?`,
    [...params, query.limit],
  );
  return rows.map((row) => taskOf(conn, row));
}

/** Null sorts as the empty text, so that it can be compared. */
function comparable(name: TaskSortKey): string {
  return name === "created_at" || name === "id" ? `t.${name}` : `coalesce(t.${name}, '')`;
}

function after(
  keys: TaskSortKey[],
  dir: "asc" | "desc",
  marker: TaskRecord,
): { sql: string; values: Value[] } {
  const sign = dir === "asc" ? ">" : "<";
  const columns = keys.map(comparable).join(", ");
  return {
    sql: `(${columns}) ${sign} (${keys.map(() => "?").join(", ")})`,
    values: keys.map((name) => marker[name] ?? ""),
  };
}
