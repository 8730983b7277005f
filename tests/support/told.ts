/** What a test service has told. */
import type { EventRecord } from "../../db/event_records.ts";
import { notificationOf } from "../../src/notify/message.ts";
import type { TestService } from "./service.ts";

/** What waits, taken out. */
export async function drain({ deps }: TestService): Promise<EventRecord[]> {
  const events = await deps.db.write.outbox.take({
    owner: "test",
    now: "2000-01-01 00:00:00.000000",
    expiresAt: "2000-01-01 00:00:00.000000",
    limit: 1000,
    dead: null,
  });
  if (events.length > 0) {
    await deps.db.write.outbox.drop({ owner: "test", ids: events.map(({ id }) => id) });
  }
  return events;
}

/** Type, priority and payload of what waits. */
export async function told(service: TestService): Promise<[string, string, Record<string, unknown>][]> {
  return (await drain(service)).map((event) => {
    const { event_type, priority, payload } = notificationOf(event, "image.localhost");
    return [event_type, priority, payload as Record<string, unknown>];
  });
}
