/** Finds uploads whose process has died, removes what they wrote and makes their images `queued` again (design: promises). */
import type { UploadLease } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { getLog } from "../observe/log.ts";
import type { Store } from "../stores/store.ts";
import { isAbandoned } from "./abandoned.ts";
import { recoverDeletions } from "./recover_deletions.ts";

const log = getLog("oneglance.images.recover");

/** How often it is looked for uploads and deletions of processes that died, in ms. */
const EVERY = 30_000;

type Parts = Pick<Deps, "db" | "stores" | "transfers">;

/** Looks now, then every `every` ms until the function that it resolves to is called. Throws nothing. */
export async function startRecovery(deps: Parts, every = EVERY): Promise<() => Promise<void>> {
  await recoverUploads(deps);
  let running = sweepStores(deps).then(() => recoverDeletions(deps));
  const timer = setInterval(() => {
    running = running.then(() => recoverUploads(deps)).then(() => recoverDeletions(deps));
  }, every);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Every upload that nobody carries on. Whatever fails is logged and tried again the next time. */
export async function recoverUploads(deps: Parts): Promise<void> {
  try {
    for (const lease of await deps.db.read.uploads()) {
      if (isAbandoned(deps.transfers, lease)) await recoverUpload(deps, lease);
    }
  } catch (error) {
    log.error("uploads that were broken off cannot be looked for", { error });
  }
}

/** Ends one upload that is not carried on; does nothing when it has ended or somebody else is at it. Throws nothing. */
export async function recoverUpload(
  deps: Parts,
  { token, image_id, store_id }: Pick<UploadLease, "token" | "image_id" | "store_id">,
): Promise<void> {
  const transfer = deps.transfers.begin(store_id);
  const by = transfer.lease;
  try {
    // From here on the old uploader, should it wake up, can make nothing active.
    if (!await deps.db.write.takeUpload({ token, by })) return;
    const removed: string[] = [];
    for (const store of storesOf(deps, image_id, store_id)) removed.push(...await store.discard(image_id));
    await deps.db.write.cancelUpload({ token: by.token });
    log.warn(
      `the upload of image ${image_id} was broken off; it can be uploaded again. ` +
        `Removed: ${removed.join(", ") || "nothing"}`,
    );
  } catch (error) {
    log.error(`the upload of image ${image_id} was broken off and cannot be put back yet`, { error });
  } finally {
    transfer.end();
  }
}

/** Where the data may lie: anywhere, when the store is not known by that name any more. */
function storesOf({ stores }: Parts, imageId: string, id: string | null): readonly Store[] {
  if (id === null) return stores.all;
  if (id === "os_glance_staging_store") return [stores.staging];
  const store = stores.byId(id);
  if (store) return [store];
  log.warn(
    `image ${imageId} was being uploaded to store '${id}', which is not configured: its data stays there`,
  );
  return stores.all;
}

/** Removes files that dead processes left half-written, also those that no image speaks of. Throws nothing. */
export async function sweepStores({ stores }: Parts): Promise<void> {
  for (const store of [...stores.all, stores.staging]) {
    try {
      for (const path of await store.sweep()) {
        log.warn(`removed what a dead process left half-written: ${path}`);
      }
    } catch (error) {
      log.error(`store ${store.id ?? store.type} cannot be swept`, { error });
    }
  }
}
