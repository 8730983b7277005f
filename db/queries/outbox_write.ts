/** The outbox: events are written with the change they tell of, taken by one sender at a time, and removed when sent. */
import { placeholders, type WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import type { EventRecord, NewEvent } from "../event_records.ts";
import { liveImage } from "./images_read.ts";
import { readMembers } from "./members_read.ts";
import { foreseeMetadef, metadefBody } from "./outbox_metadefs.ts";
import { readTask } from "./tasks_read.ts";

/** The events with what can only be looked up before the change: tasks that a run names, definitions that will go. */
export async function foresee(conn: WriteConn, events: readonly NewEvent[]): Promise<NewEvent[]> {
  const named: NewEvent[] = [];
  for (const event of events) {
    if (event.about.kind === "metadef") {
      named.push({ ...event, about: await foreseeMetadef(conn, event.about) });
      continue;
    }
    const token = event.about.kind === "task" ? event.about.token : undefined;
    if (token === undefined) named.push(event);
    else {
      const row = await conn.one("SELECT task_id FROM oneglance_tasks WHERE token = ?", [token]);
      if (row) named.push({ ...event, about: { kind: "task", id: String(row.task_id) } });
    }
  }
  return named;
}

/** Writes the events of a write that answered `result`; none when that says that nothing was changed. */
export async function writeEvents(
  conn: WriteConn,
  events: readonly NewEvent[],
  result: unknown,
): Promise<void> {
  if (!happened(result)) return;
  for (const { type, priority, about, extra } of events) {
    const body = await bodyOf(conn, about, result);
    if (body === null) continue;
    await conn.run(
      `INSERT INTO oneglance_outbox (message_id, event_type, priority, about, body, extra, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      [
        crypto.randomUUID(),
        type,
        priority,
        about.kind,
        body,
        extra === undefined ? null : JSON.stringify(extra),
        conn.now(),
      ],
    );
  }
}

function happened(result: unknown): boolean {
  if (result === null || result === false || ["gone", "absent", "protected"].includes(result as string)) {
    return false;
  }
  const outcome = (result as { outcome?: unknown } | undefined)?.outcome;
  return outcome === undefined || outcome === "done";
}

async function bodyOf(conn: WriteConn, about: NewEvent["about"], result: unknown): Promise<string | null> {
  const record = about.kind === "payload" ? about.payload : await recordOf(conn, about, result);
  if (record === null || record === undefined) return null;
  // Where the data lies is nobody's business.
  return JSON.stringify(about.kind === "image" ? { ...record, locations: undefined } : record);
}

async function recordOf(
  conn: WriteConn,
  about: Exclude<NewEvent["about"], { kind: "payload" }>,
  result: unknown,
): Promise<object | null | undefined> {
  if (about.kind === "metadef") return about.body === undefined ? await metadefBody(conn, about) : about.body;
  const done = result as { outcome?: string; image?: object; member?: object };
  if (about.kind === "image") {
    if (about.id !== undefined) return await liveImage(conn, about.id);
    return done.outcome === undefined ? done : done.image;
  }
  if (about.kind === "task") {
    return about.id === undefined ? done : await readTask(conn, { id: about.id, deleted: true });
  }
  if (about.imageId === undefined) return done.outcome === undefined ? done : done.member;
  const removed = await conn.one(
    `SELECT image_id, member, status, created_at, updated_at, deleted_at FROM image_members
     WHERE image_id = ? AND member = ? AND deleted = 1 ORDER BY deleted_at DESC LIMIT 1`,
    [about.imageId, about.member!],
  );
  return removed ?? (await readMembers(conn, { imageId: about.imageId, member: about.member! }))[0];
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

/** `DatabaseWrites.tellOnly`. */
export function tellOnly(): Promise<void> {
  return Promise.resolve();
}
