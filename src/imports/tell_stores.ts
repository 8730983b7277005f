/** What an import tells of its stores (spec/background-jobs.md §7); data that was written is told by the write. */
import type { LooseEvent } from "../../db/event_records.ts";
import { uploadFailure } from "../notify/payloads.ts";
import { getLog } from "../observe/log.ts";
import type { TaskRun } from "../tasks/start.ts";

const log = getLog("oneglance.imports");

/** `image.prepare` for each store that data is about to be written to. Throws nothing. */
export function tellPrepare(run: TaskRun, imageId: string, stores: (string | null)[]): Promise<void> {
  const events = stores.map((id) => ({
    type: "image.prepare",
    imageId,
    ...(id === null ? {} : { extra: { backend: id } }),
  }));
  return tellAll(run, events);
}

/** `image.upload` with priority ERROR for each store that took no data. Throws nothing. */
export function tellFailed(run: TaskRun, errors: unknown[]): Promise<void> {
  const events = errors.map((error) => ({
    type: "image.upload",
    priority: "ERROR" as const,
    payload: uploadFailure(error),
  }));
  return tellAll(run, events);
}

async function tellAll({ ctx }: TaskRun, events: LooseEvent[]): Promise<void> {
  const { deps } = ctx;
  if (!events.some(({ type }) => deps.events.wants(type))) return;
  try {
    await deps.db.write.outbox.record({ events });
  } catch (error) {
    log.warn("events of an import could not be told", { error });
  }
}
