/** Notifications: each write records what it has changed, in its own transaction (docs/reference/background-jobs.md §7). */
import type { WriteConn } from "../conn.ts";
import type { NewEvent } from "../event_records.ts";

/** Puts an event into the outbox, unless its type is not wanted. */
export async function emit(conn: WriteConn, event: NewEvent): Promise<void> {
  const { type, priority = "INFO", about, body, extra } = event;
  if (!conn.wants(type)) return;
  await conn.run(
    `INSERT INTO oneglance_outbox (message_id, event_type, priority, about, body, extra, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ${conn.dialect.utcNow})`,
    [
      crypto.randomUUID(),
      type,
      priority,
      about,
      JSON.stringify(body),
      extra === undefined ? null : JSON.stringify(extra),
    ],
  );
  conn.emitted = true;
}
