/** `tasks` and `task_info` (docs/reference/data-model.md §1.6). */
import { isError } from "../../src/errors.ts";
import { type Conn, placeholders, type Row, type Value, type WriteConn } from "../conn.ts";
import { jsonText, rowAs } from "../rows.ts";
import type { NewTask, TaskChange, TaskListQuery, TaskRecord, TaskSortKey } from "../task_records.ts";
import { emit } from "./emit.ts";

const TASK_COLUMNS = "t.id, t.type, t.status, t.owner, t.expires_at, t.created_at, t.updated_at, " +
  "t.deleted_at, t.deleted, t.image_id, t.request_id, t.user_id, i.input, i.result, i.message";

const TASK_TABLES = "tasks t LEFT JOIN task_info i ON i.task_id = t.id";

function taskOf(conn: Conn, row: Row): TaskRecord {
  const input = document(row.input);
  return {
    ...rowAs<Omit<TaskRecord, "deleted" | "input" | "result">>(row),
    deleted: row.deleted === 1,
    input: typeof input?.loc_url === "string" ? { ...input, loc_url: unsealed(conn, input.loc_url) } : input,
    result: document(row.result),
  };
}

/** The input of a task as it is kept: the URL of a location that it brings is sealed as that of the location will be. */
function inputText(conn: WriteConn, input: TaskRecord["input"]): string | null {
  if (input === null) return null;
  const { loc_url } = input;
  return jsonText(typeof loc_url === "string" ? { ...input, loc_url: conn.seal(loc_url) } : input);
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

/** With `deleted` also one that has been swept. */
export async function readTask(
  conn: Conn,
  { id, deleted = false }: { id: string; deleted?: boolean },
): Promise<TaskRecord | null> {
  const live = deleted ? "" : " AND +t.deleted = 0";
  const row = await conn.one(`SELECT ${TASK_COLUMNS} FROM ${TASK_TABLES} WHERE t.id = ?${live}`, [id]);
  return row ? taskOf(conn, row) : null;
}

/** Tasks of an image that have not expired, oldest first; with `owner` only that project's. */
export async function readImageTasks(
  conn: Conn,
  { imageId, owner }: { imageId: string; owner?: string },
): Promise<TaskRecord[]> {
  const mine = owner === undefined ? "" : " AND t.owner = ?";
  const rows = await conn.all(
    `SELECT ${TASK_COLUMNS} FROM ${TASK_TABLES}
     WHERE t.image_id = ? AND +t.deleted = 0 AND (t.expires_at IS NULL OR t.expires_at > ${conn.dialect.utcNow})${mine}
     ORDER BY t.created_at, t.id`,
    owner === undefined ? [imageId] : [imageId, owner],
  );
  return rows.map((row) => taskOf(conn, row));
}

/** One page. Always only live tasks. */
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
    const { marker } = query;
    const values = keys.map((name) => marker[name] ?? "");
    const after = conn.dialect.after(keys.map(comparable), dir, values);
    conditions.push(after.text);
    params.push(...after.params);
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

/** Makes a pending task. */
export async function createTask(
  conn: WriteConn,
  task: NewTask,
): Promise<TaskRecord> {
  const now = conn.now();
  await conn.run(
    `INSERT INTO tasks (id, type, status, owner, created_at, updated_at, deleted, image_id, request_id, user_id)
     VALUES (?, ?, 'pending', ?, ?, ?, 0, ?, ?, ?)`,
    [task.id, task.type, task.owner, now, now, task.image_id, task.request_id, task.user_id],
  );
  await conn.run("INSERT INTO task_info (task_id, input, result, message) VALUES (?, ?, NULL, '')", [
    task.id,
    inputText(conn, task.input),
  ]);
  const made = (await readTask(conn, { id: task.id }))!;
  await emitTask(conn, "task.create", made);
  return made;
}

/** False when the task is in another status than `from` says, or gone. */
export async function changeTask(
  conn: WriteConn,
  change: TaskChange,
): Promise<boolean> {
  const expires = change.expires_at === undefined ? "" : ", expires_at = ?";
  const changed = await conn.run(
    `UPDATE tasks SET status = ?, updated_at = ?${expires}
     WHERE id = ? AND +deleted = 0 AND +status IN (${placeholders(change.from.length)})`,
    [
      change.status,
      conn.now(),
      ...(change.expires_at === undefined ? [] : [change.expires_at]),
      change.id,
      ...change.from,
    ],
  );
  if (changed === 0) return false;
  const sets: [string, Value][] = [];
  if (change.message !== undefined) {
    sets.push(["message", change.message === null ? null : conn.dialect.heldText(change.message)]);
  }
  if (change.result !== undefined) {
    sets.push(["result", change.result === null ? null : jsonText(change.result)]);
  }
  if (sets.length > 0) {
    await conn.run(
      `UPDATE task_info SET ${sets.map(([name]) => `${name} = ?`).join(", ")} WHERE task_id = ?`,
      [...sets.map(([, value]) => value), change.id],
    );
  }
  if (change.status === "processing") await emitTaskOf(conn, "task.run", change.id);
  await emitTaskOf(conn, `task.${change.status}`, change.id);
  return true;
}

/** Marks the ended tasks of a project deleted that have expired. */
export async function sweepTasks(
  conn: WriteConn,
  { owner }: { owner: string },
): Promise<void> {
  await conn.run(
    `UPDATE tasks SET deleted = 1, deleted_at = ? WHERE owner = ? AND +deleted = 0 AND expires_at <= ${conn.dialect.utcNow}`,
    [conn.now(), owner],
  );
}

/** An event about a task as it is now. Its input, result and message may hold secrets, and are left out. */
async function emitTask(conn: WriteConn, type: string, task: TaskRecord): Promise<void> {
  const body = { ...task, input: undefined, result: undefined, message: undefined };
  await emit(conn, { type, about: "task", body });
}

/** The same for a caller that has only its id. */
async function emitTaskOf(conn: WriteConn, type: string, id: string): Promise<void> {
  if (!conn.wants(type)) return;
  const task = await readTask(conn, { id, deleted: true });
  if (task) await emitTask(conn, type, task);
}
