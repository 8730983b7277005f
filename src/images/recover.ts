/** Finishes uploads and deletions whose process has died (docs/adr/0004). */
import type { DeletionLease, UploadLease } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { type Recovered, recoverOrphans } from "../leases/orphans.ts";
import { getLog } from "../observe/log.ts";
import type { Store } from "../stores/store.ts";
import { deleteCopies, deleteData } from "./delete.ts";
import { STAGING_STORE } from "../util/names.ts";

const log = getLog("oneglance.images.recover");

type Parts = Pick<Deps, "db" | "stores" | "leases">;

const NEVER = new AbortController().signal;

/** Makes the images of orphaned uploads `queued` again and removes what was written. Errors: database. */
export async function recoverUploads(deps: Parts, stop = NEVER): Promise<Recovered> {
  const recover = (lease: UploadLease) => recoverUpload(deps, lease);
  return await recoverOrphans(await deps.db.read.uploads.list(), { own: deps.leases, recover, stop });
}

/** Completes orphaned deletions. Errors: database. */
export async function recoverDeletions(deps: Parts, stop = NEVER): Promise<Recovered> {
  const recover = (lease: DeletionLease) => recoverDeletion(deps, lease);
  return await recoverOrphans(await deps.db.read.deletions.list(), { own: deps.leases, recover, stop });
}

/** Ends one orphaned upload; does nothing when it has ended or another process ends it. False when it failed. Never throws. */
export async function recoverUpload(
  deps: Parts,
  { token, image_id, store_id }: Pick<UploadLease, "token" | "image_id" | "store_id">,
): Promise<boolean> {
  const held = deps.leases.enter("upload", image_id, store_id);
  try {
    // From here on the old uploader, should it wake up, can make nothing active.
    if (!await deps.db.write.uploads.take({ token, by: held.lease })) return true;
    const removed: string[] = [];
    for (const store of storesOf(deps, image_id, store_id)) removed.push(...await store.discard(image_id));
    await deps.db.write.uploads.cancel({ token: held.token });
    log.warn(
      `the upload of image ${image_id} was interrupted; it can be uploaded again. ` +
        `Removed: ${removed.join(", ") || "nothing"}`,
    );
    return true;
  } catch (error) {
    log.error(`the upload of image ${image_id} was interrupted and cannot be put back yet`, { error });
    return false;
  } finally {
    held.end();
  }
}

/** Returns the stores that may hold the data: all of them when no store has that id any more. */
function storesOf({ stores }: Parts, imageId: string, id: string | null): readonly Store[] {
  if (id === null) return stores.all;
  if (id === STAGING_STORE) return [stores.staging];
  const store = stores.byId(id);
  if (store) return [store];
  log.warn(
    `image ${imageId} was being uploaded to store '${id}', which is not configured: its data stays there`,
  );
  return stores.all;
}

async function recoverDeletion(deps: Parts, { token, image_id }: DeletionLease): Promise<boolean> {
  const held = deps.leases.enter("deletion", image_id);
  try {
    const taken = await deps.db.write.deletions.take({ token, by: held.lease });
    if (!taken) return true;
    if (taken.locationIds === null) await deleteData(deps, taken.image, held.token);
    else {
      const copies = { token: held.token, locationIds: taken.locationIds };
      await deleteCopies(deps, taken.image, copies, () => Promise.resolve());
    }
    const what = taken.locationIds === null ? "image" : "copies of image";
    log.warn(`the deletion of ${what} ${image_id} was interrupted; it is complete now`);
    return true;
  } catch (error) {
    log.error(`the deletion of image ${image_id} was interrupted and could not be completed`, { error });
    return false;
  } finally {
    held.end();
  }
}
