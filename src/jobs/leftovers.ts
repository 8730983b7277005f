/** Start-up jobs: delete what dead processes left in the stores and in the staging area (docs/reference/background-jobs.md §3). */
import type { Deps } from "../deps.ts";
import { stagedPath } from "../imports/steps.ts";
import { getLog } from "../observe/log.ts";
import { nameOf } from "../stores/store.ts";
import type { JobReport } from "./scheduler.ts";
import { imageIfAny } from "../images/find.ts";

const log = getLog("oneglance.jobs.leftovers");

/** Upper case as well: ids are kept as given, and two that differ only in case are different. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Statuses in which staged data may still be needed. */
const IN_USE = ["uploading", "importing"];

/** Removes half-written files of dead processes, also those that belong to no image. Never throws. */
export async function sweepStores({ stores }: Pick<Deps, "stores">, stop: AbortSignal): Promise<JobReport> {
  let removed = 0;
  let failed = 0;
  for (const store of [...stores.all, stores.staging]) {
    if (stop.aborted) break;
    try {
      for (const path of await store.sweep()) {
        removed++;
        log.warn(`removed a half-written file of a dead process: ${path}`);
      }
    } catch (error) {
      failed++;
      log.error(`store ${nameOf(store)} cannot be swept`, { error });
    }
  }
  return { did: `${removed} half-written files removed`, failed };
}

/**
 * Removes staged files of images that are gone, and of those that are neither staged nor imported: a process that
 * counted as dead has left them. Names that are not UUIDs are not ours. Errors: database, those of the file system.
 */
export async function removeStagedLeftovers(
  deps: Pick<Deps, "db" | "stores">,
  stop: AbortSignal,
): Promise<JobReport> {
  const path = stagedPath(deps, "");
  const count = { removed: 0, kept: 0, failed: 0 };
  try {
    for await (const { name, isFile } of Deno.readDir(path)) {
      if (stop.aborted) break;
      const id = name.split(".", 1)[0]!;
      if (isFile && UUID.test(id)) count[await removeUnlessUsed(deps, id, `${path}${name}`)]++;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { did: `${count.removed} staged files removed, ${count.kept} are in use`, failed: count.failed };
}

async function removeUnlessUsed(
  deps: Pick<Deps, "db">,
  id: string,
  path: string,
): Promise<"removed" | "kept" | "failed"> {
  const image = await imageIfAny(deps, id);
  if (image && IN_USE.includes(image.status)) return "kept";
  // An import may have begun between the two.
  const leases = await deps.db.read.tasks.leases({});
  if (leases.some(({ image_id }) => image_id === id)) return "kept";
  try {
    await Deno.remove(path);
    log.warn(`removed staged data that no image waits for: ${path}`);
    return "removed";
  } catch (error) {
    log.error(`staged data that no image waits for cannot be removed: ${path}`, { error });
    return "failed";
  }
}
