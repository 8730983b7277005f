import type { WriteConn } from "../conn.ts";
import type { NewEvent } from "../event_records.ts";
import { foresee, writeEvents } from "./outbox_write.ts";
import { type WriteName, WRITES } from "./writes.ts";

/** Runs one write and, in the same transaction, records the events that tell of it. */
export async function perform(
  conn: WriteConn,
  { name, input, events }: { name: WriteName; input: unknown; events?: readonly NewEvent[] | undefined },
): Promise<unknown> {
  const write = WRITES[name] as (conn: WriteConn, input: unknown) => Promise<unknown>;
  if (events === undefined) return await write(conn, input);
  const foreseen = await foresee(conn, events);
  const result = await write(conn, input);
  await writeEvents(conn, foreseen, result);
  return result;
}
