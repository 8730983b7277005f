/** The outbox: events that were recorded (emit.ts) are taken by one sender at a time, and removed when sent. */
import { placeholders, type WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { EventRecord } from "../event_records.ts";
import { emit, emitImageOf } from "./emit.ts";

/** `DatabaseWrites.recordEvents`. */
export async function recordEvents(
  conn: WriteConn,
  { events }: Parameters<DatabaseWrites["recordEvents"]>[0],
): Promise<void> {
  for (const event of events) {
    if ("imageId" in event) await emitImageOf(conn, event.type, event.imageId, event.extra);
    else await emit(conn, { ...event, about: "payload", body: event.payload });
  }
}

/** `DatabaseWrites.takeEvents`: the oldest, in order. Who holds any holds the oldest, so that row tells whether one may. */
export async function takeEvents(
  conn: WriteConn,
  { owner, now, expiresAt, limit, dead }: Parameters<DatabaseWrites["takeEvents"]>[0],
): Promise<EventRecord[]> {
  const head = await conn.one("SELECT owner, expires_at FROM oneglance_outbox ORDER BY id LIMIT 1");
  const free = !head?.owner || head.owner === owner || head.owner === dead || String(head.expires_at) < now;
  if (!free) return [];
  const rows = await conn.all(
    `SELECT id, message_id, event_type AS type, priority, about, body, extra, created_at
     FROM oneglance_outbox ORDER BY id LIMIT ?`,
    [limit],
  );
  if (rows.length === 0) return [];
  await conn.run("UPDATE oneglance_outbox SET owner = ?, expires_at = ? WHERE id <= ?", [
    owner,
    expiresAt,
    Number(rows.at(-1)!.id),
  ]);
  return rows.map((row) => ({
    ...row,
    body: JSON.parse(String(row.body)),
    extra: row.extra === null ? null : JSON.parse(String(row.extra)),
  })) as unknown as EventRecord[];
}

/** `DatabaseWrites.dropEvents`. */
export async function dropEvents(
  conn: WriteConn,
  { owner, ids }: Parameters<DatabaseWrites["dropEvents"]>[0],
): Promise<void> {
  await conn.run(`DELETE FROM oneglance_outbox WHERE owner = ? AND id IN (${placeholders(ids.length)})`, [
    owner,
    ...ids,
  ]);
}

/** `DatabaseWrites.releaseEvents`. */
export async function releaseEvents(
  conn: WriteConn,
  { owner }: Parameters<DatabaseWrites["releaseEvents"]>[0],
): Promise<void> {
  await conn.run("UPDATE oneglance_outbox SET owner = NULL, expires_at = NULL WHERE owner = ?", [owner]);
}

/** `DatabaseWrites.dropOldEvents`. */
export async function dropOldEvents(
  conn: WriteConn,
  { before }: Parameters<DatabaseWrites["dropOldEvents"]>[0],
): Promise<number> {
  return await conn.run("DELETE FROM oneglance_outbox WHERE created_at < ?", [before]);
}
