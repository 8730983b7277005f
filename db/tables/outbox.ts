/** The outbox: events that were recorded (emit.ts) are taken by one sender at a time, and removed when sent. */
import { type Conn, placeholders, type WriteConn } from "../conn.ts";
import type { EventRecord, LooseEvent } from "../event_records.ts";
import type { Timestamp } from "../records.ts";
import { rowAs } from "../rows.ts";
import { emit } from "./emit.ts";
import { emitImageOf } from "./image_row.ts";

export interface OldestEvent {
  owner: string | null;
  created_at: Timestamp;
}

/** The sender of the oldest waiting event (null = none yet) and since when it waits; null when no event waits. */
export async function readOldestEvent(conn: Conn): Promise<OldestEvent | null> {
  const row = await conn.one("SELECT owner, created_at FROM oneglance_outbox ORDER BY id LIMIT 1");
  return row ? rowAs<OldestEvent>(row) : null;
}

/** Records events that go with no change; those that are not wanted are left out. */
export async function recordEvents(
  conn: WriteConn,
  { events }: { events: LooseEvent[] },
): Promise<void> {
  for (const event of events) {
    if ("imageId" in event) await emitImageOf(conn, event.type, event.imageId, event.extra);
    else await emit(conn, { ...event, about: "payload", body: event.payload });
  }
}

export interface TakeEvents {
  owner: string;
  now: Timestamp;
  expiresAt: Timestamp;
  limit: number;
  dead: string | null;
}

/**
 * The oldest `limit` events, in order, held by `owner` until `expiresAt`; none while another sender has some,
 * unless it is the `dead` one. A sender of any event holds the oldest, so that row shows whether another may send.
 */
export async function takeEvents(
  conn: WriteConn,
  { owner, now, expiresAt, limit, dead }: TakeEvents,
): Promise<EventRecord[]> {
  await conn.guard?.("outbox");
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
    ...rowAs<Omit<EventRecord, "body" | "extra">>(row),
    body: JSON.parse(String(row.body)),
    extra: row.extra === null ? null : JSON.parse(String(row.extra)),
  }));
}

/** Removes events that were sent. */
export async function dropEvents(
  conn: WriteConn,
  { owner, ids }: { owner: string; ids: number[] },
): Promise<void> {
  await conn.run(`DELETE FROM oneglance_outbox WHERE owner = ? AND id IN (${placeholders(ids.length)})`, [
    owner,
    ...ids,
  ]);
}

/** Lets go of what `owner` holds. */
export async function releaseEvents(
  conn: WriteConn,
  { owner }: { owner: string },
): Promise<void> {
  await conn.run("UPDATE oneglance_outbox SET owner = NULL, expires_at = NULL WHERE owner = ?", [owner]);
}

/** Removes what is older; answers how many that were. */
export async function dropOldEvents(
  conn: WriteConn,
  { before }: { before: Timestamp },
): Promise<number> {
  return await conn.run("DELETE FROM oneglance_outbox WHERE created_at < ?", [before]);
}
