/** `image.send`: a download was counted and has ended (docs/reference/background-jobs.md §7). */
import type { LooseEvent } from "../../db/event_records.ts";
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { getLog } from "../observe/log.ts";

/** How much of a body was taken. */
export interface Taken {
  bytes: number;
  /** The source ended or failed; false means that the reader left early. */
  ended: boolean;
}

/** The same bytes, counted as they are taken. Nothing is read ahead of that. */
export function counted(
  body: ReadableStream<Uint8Array>,
): { body: ReadableStream<Uint8Array>; taken: Taken } {
  const taken: Taken = { bytes: 0, ended: false };
  const reader = body.getReader();
  // A read in progress ends as well when the reader leaves.
  let left = false;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          taken.ended = !left;
          return left ? undefined : controller.close();
        }
        taken.bytes += value.length;
        controller.enqueue(value);
      } catch (error) {
        taken.ended = !left;
        throw error;
      }
    },
    cancel(reason) {
      left = true;
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  return { body: stream, taken };
}

const log = getLog("oneglance.notify");

/** A download that was sent to its end. */
export interface Sent {
  image: Pick<ImageRecord, "id" | "owner">;
  bytes: number;
  /** Bytes of the image or of the requested range; null = not known. */
  expected: number | null;
  /** Address of the client; only in notifications of downloads from the cache, which ignore `disabled_notifications`. */
  destinationIp?: string;
}

/** Whether `emitSent` would write a notification. */
export function wantsSent({ deps }: Ctx, cached = false): boolean {
  return cached ? deps.events.on : deps.events.wants("image.send");
}

/** Writes the event; what fails is logged, because the answer has gone already. */
export async function emitSent({ deps, caller }: Ctx, sent: Sent): Promise<void> {
  const whole = sent.expected === null || sent.bytes === sent.expected;
  const event: LooseEvent = {
    type: "image.send",
    priority: whole ? "INFO" : "ERROR",
    payload: {
      bytes_sent: sent.bytes,
      image_id: sent.image.id,
      owner_id: sent.image.owner,
      receiver_tenant_id: caller.projectId,
      receiver_user_id: caller.userId,
      ...(sent.destinationIp === undefined ? {} : { destination_ip: sent.destinationIp }),
    },
  };
  try {
    await deps.db.write.outbox.record({ events: [event] });
  } catch (error) {
    log.warn(`the notification image.send of image ${sent.image.id} could not be written`, { error });
  }
}
