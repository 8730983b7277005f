/** What an import tells of its stores (spec/background-jobs.md §7); data that was written is told by the write. */
import type { NewEvent } from "../../db/event_records.ts";
import { tell } from "../notify/telling.ts";
import { prepareEvent, uploadFailedEvent } from "../notify/told_by_writes.ts";
import { getLog } from "../observe/log.ts";
import type { TaskRun } from "../tasks/start.ts";

const log = getLog("oneglance.imports");

/** `image.prepare` for each store that data is about to be written to. Throws nothing. */
export function tellPrepare(run: TaskRun, imageId: string, stores: (string | null)[]): Promise<void> {
  return tellAll(run, stores.map((id) => prepareEvent(id, imageId)));
}

/** `image.upload` with priority ERROR for each store that took no data. Throws nothing. */
export function tellFailed(run: TaskRun, errors: unknown[]): Promise<void> {
  return tellAll(run, errors.map(uploadFailedEvent));
}

async function tellAll({ ctx }: TaskRun, events: NewEvent[]): Promise<void> {
  const { deps } = ctx;
  if (deps.events.pick(events).length === 0) return;
  try {
    await tell(deps, ...events).tellOnly();
  } catch (error) {
    log.warn("events of an import could not be told", { error });
  }
}
