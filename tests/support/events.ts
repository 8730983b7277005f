/** The notifications that a test service has recorded for sending. */
import type { EventRecord } from "../../db/event_records.ts";
import { notificationOf } from "../../src/notify/drivers.ts";
import type { TestService } from "./service.ts";

/** Removes the recorded notifications from the outbox and returns them. */
export async function drain({ deps }: TestService): Promise<EventRecord[]> {
  const events = await deps.db.write.outbox.take({
    owner: "test",
    seconds: -1,
    limit: 1000,
    dead: null,
  });
  if (events.length > 0) {
    await deps.db.write.outbox.drop({ owner: "test", ids: events.map(({ id }) => id) });
  }
  return events;
}

/** Removes the recorded notifications and returns the type, priority and payload of each. */
export async function takeEvents(service: TestService): Promise<[string, string, Record<string, unknown>][]> {
  return (await drain(service)).map((event) => {
    const { event_type, priority, payload } = notificationOf(event, "image.localhost");
    return [event_type, priority, payload as Record<string, unknown>];
  });
}
