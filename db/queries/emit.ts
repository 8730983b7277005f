/** Notifications: each write records what it has changed, in its own transaction (spec/background-jobs.md §7). */
import type { WriteConn } from "../conn.ts";
import type { NewEvent } from "../event_records.ts";
import type { ImageRecord, MemberRecord } from "../records.ts";
import type { TaskRecord } from "../task_records.ts";
import { liveImage } from "./images_read.ts";
import { readTask } from "./tasks_read.ts";

/** Puts an event into the outbox, unless its type is not wanted. */
export async function emit(conn: WriteConn, event: NewEvent): Promise<void> {
  const { type, priority = "INFO", about, body, extra } = event;
  if (!conn.wants(type)) return;
  await conn.run(
    `INSERT INTO oneglance_outbox (message_id, event_type, priority, about, body, extra, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [
      crypto.randomUUID(),
      type,
      priority,
      about,
      JSON.stringify(body),
      extra === undefined ? null : JSON.stringify(extra),
      conn.now(),
    ],
  );
  conn.emitted = true;
}

/** An event about an image as it is now. Where its data lies is left out. */
export async function emitImage(
  conn: WriteConn,
  type: string,
  image: ImageRecord,
  extra?: Record<string, unknown>,
): Promise<void> {
  if (!conn.wants(type)) return;
  const body = { ...image, locations: undefined };
  await emit(conn, { type, about: "image", body, ...(extra ? { extra } : {}) });
}

/** The same for a caller that has only its id; nothing when the image is deleted. */
export async function emitImageOf(
  conn: WriteConn,
  type: string,
  id: string,
  extra?: Record<string, unknown>,
): Promise<void> {
  if (!conn.wants(type)) return;
  const image = await liveImage(conn, id);
  if (image) await emitImage(conn, type, image, extra);
}

/** Data is about to be written to `backend`, which only the multi-store mode names. */
export function backendOf(backend: string | null): Record<string, unknown> | undefined {
  return backend === null ? undefined : { backend };
}

export async function emitMember(
  conn: WriteConn,
  type: string,
  member: MemberRecord & { deleted_at?: string | null },
): Promise<void> {
  await emit(conn, { type, about: "member", body: member });
}

/** An event about a task as it is now. Its input, result and message may hold secrets, and are left out. */
export async function emitTask(conn: WriteConn, type: string, task: TaskRecord): Promise<void> {
  const body = { ...task, input: undefined, result: undefined, message: undefined };
  await emit(conn, { type, about: "task", body });
}

/** The same for a caller that has only its id. */
export async function emitTaskOf(conn: WriteConn, type: string, id: string): Promise<void> {
  if (!conn.wants(type)) return;
  const task = await readTask(conn, { id, deleted: true });
  if (task) await emitTask(conn, type, task);
}
