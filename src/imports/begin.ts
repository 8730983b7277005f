/** First step of an import: the image becomes `importing`, its lists are filled, limits are kept (spec/images-api.md §2.8.3). */
import type { ImageRecord, ImageStatus } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { imageById } from "../images/find.ts";
import {
  enforceImageCountUploading,
  enforceImageSizeTotal,
  enforceImageStagingTotal,
} from "../quota/unified.ts";
import type { TaskRun } from "../tasks/start.ts";
import { discardFrom } from "./discard.ts";
import { type ImportJob, locationIn, type MethodName, storeOf } from "./job.ts";
import { failedStores, listProperties } from "./lists.ts";
import { move } from "./move.ts";

const FROM: Record<MethodName, ImageStatus[]> = {
  "glance-direct": ["uploading", "importing"],
  "web-download": ["queued", "importing"],
  "glance-download": ["queued", "importing"],
  "copy-image": ["active", "deactivated"],
};

export interface Begun {
  image: ImageRecord;
  /** What is still to do: an earlier run may have done a part. */
  stores: (string | null)[];
}

/** Errors: not_found, conflict, too_large. */
export async function beginImport(run: TaskRun, job: ImportJob, resumed: boolean): Promise<Begun> {
  const { ctx } = run;
  const image = await imageById(ctx.deps, job.imageId);
  const failed = failedStores(image);
  const stores = storesLeft(ctx.deps, job, image, resumed);
  const copying = job.name === "copy-image";
  // An earlier run may have made it active with its first store.
  const done = resumed && (image.status === "active" || image.status === "deactivated");
  const begun = await move(run, {
    id: image.id,
    from: done ? [image.status] : FROM[job.name],
    to: copying || done ? "same" : "importing",
    setProperties: listProperties(stores, failed.filter((id) => !stores.includes(id))),
    removeProperties: ["os_glance_stage_host"],
  });
  if (resumed) await discardUnrecorded(run, job, stores);
  if (job.name === "glance-direct") await enforceImageSizeTotal(ctx, image.size);
  else await enforceImageStagingTotal(ctx, copying ? image.size : null);
  await enforceImageCountUploading(ctx);
  return { image: begun, stores };
}

/**
 * Stores that do not have the data. Those that an earlier run has found to fail are left out while another has it: with
 * none, that run was putting the image back, and everything is to do.
 */
export function storesLeft(
  deps: Pick<Deps, "stores">,
  job: ImportJob,
  image: ImageRecord,
  resumed: boolean,
): (string | null)[] {
  const left = job.stores.filter((id) => !locationIn(deps, image, id));
  if (!resumed || left.length === job.stores.length) return left;
  const failed = failedStores(image);
  return left.filter((id) => id === null || !failed.includes(id));
}

/** Data that an earlier run has written, but not recorded any more, would stand in the way. */
async function discardUnrecorded({ ctx }: TaskRun, job: ImportJob, stores: (string | null)[]): Promise<void> {
  await discardFrom(ctx.deps, job.imageId, stores.map((id) => storeOf(ctx.deps, id)));
}
