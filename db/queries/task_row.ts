/** A row of `tasks` joined with `task_info` as a record. */
import type { Row } from "../conn.ts";
import type { TaskRecord } from "../task_records.ts";

export const TASK_COLUMNS = "t.id, t.type, t.status, t.owner, t.expires_at, t.created_at, t.updated_at, " +
  "t.deleted_at, t.deleted, t.image_id, t.request_id, t.user_id, i.input, i.result, i.message";

export const TASK_TABLES = "tasks t LEFT JOIN task_info i ON i.task_id = t.id";

export function taskOf(row: Row): TaskRecord {
  return {
    ...row,
    deleted: row.deleted === 1,
    input: document(row.input),
    result: document(row.result),
  } as unknown as TaskRecord;
}

function document(text: Row[string] | undefined): Record<string, unknown> | null {
  return typeof text === "string" ? JSON.parse(text) : null;
}
