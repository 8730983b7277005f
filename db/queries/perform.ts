import type { WriteConn } from "../conn.ts";
import type { NewEvent } from "../event_records.ts";
import { writeEvents } from "./outbox_write.ts";
import { type WriteName, WRITES } from "./writes.ts";

/** Runs one write and, in the same transaction, records the events that tell of it. */
export async function perform(
  conn: WriteConn,
  { name, input, events }: { name: WriteName; input: unknown; events?: readonly NewEvent[] | undefined },
): Promise<unknown> {
  const write = WRITES[name] as (conn: WriteConn, input: unknown) => Promise<unknown>;
  const result = await write(conn, input);
  if (events !== undefined) await writeEvents(conn, events, result);
  return result;
}
