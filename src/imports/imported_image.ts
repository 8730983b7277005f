/** The image that an import works on: its row, its two lists of stores, its locations (docs/reference/images-api.md §2.8.3). */
import type { ImageRecord, ImageTransition, LocationRecord } from "../../db/records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Quota } from "../quota/quota.ts";
import type { StoreId } from "../stores/store.ts";
import type { TaskRun } from "../tasks/kind.ts";
import type { ImportJob } from "./job.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";

/** Statuses of an image that allow an import. */
export const IMPORT_STATUSES = ["queued", "uploading", "importing", "active", "deactivated"] as const;

/** Changes the row, only while the run holds its task. Errors: not_found, conflict, too_large by `quota`. */
export async function move(
  { ctx, token }: TaskRun,
  change: ImageTransition,
  quota: Quota | null = null,
): Promise<ImageRecord> {
  const limit = quota?.limit ?? null;
  const result = await ctx.deps.db.write.images.transition({ ...change, task: token, limit });
  switch (result.outcome) {
    case "done":
      return result.image;
    case "over":
      return quota!.refuse(result.used);
    case "gone":
      return fail("not_found", "The image was deleted while it was imported.");
    case "status":
      return fail(
        "conflict",
        `The image is ${result.status}, or its import was taken over: it cannot go on.`,
      );
  }
}

/** Whether a copy of the image is complete: then users may have it. */
export function isWhole({ status }: ImageRecord): boolean {
  return status === "active" || status === "deactivated";
}

/** Returns the stores that are recorded as failed. */
export function failedStores(image: ImageRecord): string[] {
  return (image.properties[IMAGE_PROPERTY.failed] ?? "").split(",").filter((id) => id !== "");
}

/** Both lists, when `importing` are still to do and `failed` have failed. The single store has no name. */
export function listProperties(
  importing: readonly StoreId[],
  failed: readonly StoreId[],
): Record<string, string> {
  const list = (ids: readonly StoreId[]) => [...new Set(ids.filter((id) => id !== null))].sort().join(",");
  return { [IMAGE_PROPERTY.importing]: list(importing), [IMAGE_PROPERTY.failed]: list(failed) };
}

/** The location that the image has in a store. */
export function locationIn(
  { stores }: Pick<Deps, "stores">,
  image: ImageRecord,
  id: StoreId,
): LocationRecord | undefined {
  const store = id === null ? stores.default : stores.byId(id);
  return image.locations.find((location) => stores.forLocation(location) === store);
}

/** Those of the stores that the image has no location in. */
export function without(
  deps: Pick<Deps, "stores">,
  image: ImageRecord,
  stores: readonly StoreId[],
): StoreId[] {
  return stores.filter((id) => !locationIn(deps, image, id));
}

/** Copies that count for the caller already: all of an own image, of another's those of this import. */
export function copiesCounted(
  { deps, caller }: Pick<Ctx, "deps" | "caller">,
  job: ImportJob,
  image: ImageRecord,
): number {
  if (image.owner === caller.projectId) return image.locations.length;
  return job.stores.length - without(deps, image, job.stores).length;
}
