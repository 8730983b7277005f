/** The outbox: events that were recorded (emit.ts) are taken by one sender at a time, and removed when sent. */
import { type Conn, placeholders, type WriteConn } from "../conn.ts";
import type { EventRecord, LooseEvent } from "../event_records.ts";
import { rowAs } from "../rows.ts";
import { emit } from "./emit.ts";
import { emitImageOf } from "./image_row.ts";
import { expiredColumn } from "./leases.ts";

interface OldestEvent {
  owner: string | null;
  /** Whether it has waited longer than was asked. */
  old: boolean;
}

/**
 * The sender of the oldest waiting event (null = none yet), and whether it waits for more than `seconds` (0: never
 * true); null when no event waits.
 */
export async function readOldestEvent(
  conn: Conn,
  { seconds }: { seconds: number },
): Promise<OldestEvent | null> {
  const row = await conn.one(
    `SELECT owner, created_at < ${conn.dialect.fromNow} AS old FROM oneglance_outbox ORDER BY id LIMIT 1`,
    [-seconds],
  );
  return row ? { owner: row.owner as string | null, old: seconds > 0 && row.old === 1 } : null;
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

interface TakeEvents {
  owner: string;
  seconds: number;
  limit: number;
  dead: string | null;
}

/**
 * The oldest `limit` events, in order, held by `owner` for so many seconds; none while another sender has some,
 * unless it is the `dead` one. A sender of any event holds the oldest, so that row shows whether another may send.
 */
export async function takeEvents(
  conn: WriteConn,
  { owner, seconds, limit, dead }: TakeEvents,
): Promise<EventRecord[]> {
  await conn.guard?.("outbox");
  const head = await conn.one(
    `SELECT owner, ${expiredColumn(conn)} FROM oneglance_outbox ORDER BY id LIMIT 1`,
  );
  const free = !head?.owner || head.owner === owner || head.owner === dead || head.expired === 1;
  if (!free) return [];
  const rows = await conn.all(
    `SELECT id, message_id, event_type AS type, priority, about, body, extra, created_at
     FROM oneglance_outbox ORDER BY id LIMIT ?`,
    [limit],
  );
  if (rows.length === 0) return [];
  await conn.run(
    `UPDATE oneglance_outbox SET owner = ?, expires_at = ${conn.dialect.fromNow} WHERE id <= ?`,
    [
      owner,
      seconds,
      Number(rows.at(-1)!.id),
    ],
  );
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

/** Removes what is older than so many seconds; answers how many that were. */
export async function dropOldEvents(
  conn: WriteConn,
  { seconds }: { seconds: number },
): Promise<number> {
  return await conn.run(`DELETE FROM oneglance_outbox WHERE created_at < ${conn.dialect.fromNow}`, [
    -seconds,
  ]);
}
