/** Puts back what an import did that cannot be completed (spec/images-api.md §2.8.3, failure outcomes). */
import type { ImageColumns, ImageRecord } from "../../db/records.ts";
import { isError } from "../errors.ts";
import { deletionEnded } from "../images/deletion_ended.ts";
import { imageById } from "../images/find.ts";
import { getLog } from "../observe/log.ts";
import type { Store } from "../stores/store.ts";
import { messageOf, taskEnd } from "../tasks/finish.ts";
import type { TaskRun } from "../tasks/start.ts";
import { discardFrom } from "./discard.ts";
import { type ImportJob, locationIn, storeOf } from "./job.ts";
import { failedStores, listProperties } from "./lists.ts";
import { IMPORT_STATUSES, move } from "./move.ts";
import { unstage } from "./staged.ts";

const log = getLog("oneglance.imports");

export interface Changed {
  columns: Partial<Omit<ImageColumns, "status">>;
  /** null: there was none. */
  properties: Record<string, string | null>;
}

/** Nothing has been changed. */
export const UNCHANGED: Changed = { columns: {}, properties: {} };

/** Notes in `before` what `columns` and `properties` are about to overwrite; what was noted first stays. */
export function remember(
  before: Changed,
  image: ImageRecord,
  columns: Partial<ImageColumns>,
  properties: Record<string, string>,
): void {
  const old = Object.keys(columns).map((name) => [name, image[name as keyof ImageColumns]]);
  before.columns = { ...Object.fromEntries(old), ...before.columns };
  const had = Object.keys(properties).map((name) => [name, image.properties[name] ?? null]);
  before.properties = { ...Object.fromEntries(had), ...before.properties };
}

export interface Undo {
  /** Why the import failed. */
  error: unknown;
  /** Stores that are to be named as failed. */
  failed: (string | null)[];
  /** What the import changed of the image, as it was. */
  before: Changed;
}

/**
 * The image is as before, its data gone from the stores of this import and from staging, the task failed with its
 * reason, the lock free. When something cannot be removed or written now, the lease stays and another look is taken
 * later. Errors: those of stores and database.
 */
export async function undoImport(run: TaskRun, job: ImportJob, undo: Undo): Promise<void> {
  const { deps } = run.ctx;
  await deletionEnded(deps, job.imageId);
  const image = await imageById(deps, job.imageId).catch((error) => {
    if (isError(error, "not_found")) return null;
    throw error;
  });
  if (image) {
    await putBack(run, job, image, undo).catch((error) => {
      // Deleted just now: then what is left to do is the same as for one that is gone.
      if (!isError(error, "not_found")) throw error;
    });
  }
  await discard(run, job);
  await unstage(deps, job.imageId);
  const end = taskEnd(deps, "failure", { message: messageOf(undo.error) });
  await deps.db.write.tasks.end({ token: run.token, end });
  log.error(`import of image ${job.imageId} failed`, { error: undo.error });
}

async function putBack(run: TaskRun, job: ImportJob, image: ImageRecord, undo: Undo): Promise<void> {
  const { deps } = run.ctx;
  const added = job.stores.flatMap((id) => locationIn(deps, image, id) ?? []);
  const properties = listProperties([], [...failedStores(image), ...undo.failed]);
  const common = { id: image.id, dropLocationIds: added.map(({ id }) => id) };
  if (job.name !== "copy-image" && (image.status === "active" || image.status === "deactivated")) {
    // Its first store made it active, and somebody may use it: it stays, without the stores that are missing.
    const missing = job.stores.filter((id) => !locationIn(deps, image, id));
    const setProperties = listProperties([], [...failedStores(image), ...missing]);
    await move(run, { id: image.id, from: [image.status], to: "same", setProperties });
    return;
  }
  if (job.name === "copy-image") {
    // The copies that were there before may have been removed meanwhile: then these are all the data there is.
    if (added.length === image.locations.length) common.dropLocationIds = [];
    await move(run, { ...common, from: [...IMPORT_STATUSES], to: "same", setProperties: properties });
    return;
  }
  const { columns, properties: had } = undo.before;
  const kept = Object.entries(had).filter(([, value]) => value !== null);
  const fresh = Object.keys(had).filter((name) => had[name] === null);
  await move(run, {
    ...common,
    from: [...IMPORT_STATUSES],
    to: "queued",
    columns: {
      ...columns,
      size: null,
      virtual_size: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
    },
    setProperties: { ...Object.fromEntries(kept), ...properties },
    removeProperties: ["os_glance_stage_host", ...fresh],
  });
}

/** Takes the data out of the stores in which the image has no location any more. */
async function discard(run: TaskRun, job: ImportJob): Promise<void> {
  const { deps } = run.ctx;
  const known: Store[] = [];
  for (const id of job.stores) {
    try {
      known.push(storeOf(deps, id));
    } catch (error) {
      if (!isError(error, "conflict")) throw error;
      log.warn(`store ${id} is not configured any more: data of image ${job.imageId} may stay there`);
    }
  }
  await discardFrom(deps, job.imageId, known);
}
