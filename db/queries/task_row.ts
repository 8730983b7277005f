/** A row of `tasks` joined with `task_info` as a record. */
import { isError } from "../../src/errors.ts";
import type { Conn, Row, WriteConn } from "../conn.ts";
import type { TaskRecord } from "../task_records.ts";

export const TASK_COLUMNS = "t.id, t.type, t.status, t.owner, t.expires_at, t.created_at, t.updated_at, " +
  "t.deleted_at, t.deleted, t.image_id, t.request_id, t.user_id, i.input, i.result, i.message";

export const TASK_TABLES = "tasks t LEFT JOIN task_info i ON i.task_id = t.id";

export function taskOf(conn: Conn, row: Row): TaskRecord {
  const input = document(row.input);
  return {
    ...row,
    deleted: row.deleted === 1,
    input: typeof input?.loc_url === "string" ? { ...input, loc_url: unsealed(conn, input.loc_url) } : input,
    result: document(row.result),
  } as unknown as TaskRecord;
}

/** The input of a task as it is kept: the URL of a location that it brings is sealed as that of the location will be. */
export function inputText(conn: WriteConn, input: TaskRecord["input"]): string | null {
  if (input === null) return null;
  const { loc_url } = input;
  return JSON.stringify(typeof loc_url === "string" ? { ...input, loc_url: conn.seal(loc_url) } : input);
}

/** A text that cannot be read stays as it is: one task must not hide the others of a list. */
function unsealed(conn: Conn, stored: string): string {
  try {
    return conn.unseal(stored);
  } catch (error) {
    if (isError(error, "database")) return stored;
    throw error;
  }
}

function document(text: Row[string] | undefined): Record<string, unknown> | null {
  return typeof text === "string" ? JSON.parse(text) : null;
}
