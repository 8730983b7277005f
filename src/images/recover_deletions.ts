/** Completes deletions whose process has died (design: promises). */
import type { DeletionLease } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { getLog } from "../observe/log.ts";
import { isAbandoned } from "./abandoned.ts";
import { deleteCopies } from "./delete_copies.ts";
import { deleteData } from "./delete_data.ts";

const log = getLog("oneglance.images.recover");

type Parts = Pick<Deps, "db" | "stores" | "transfers">;

/** Every deletion that nobody carries on. Whatever fails is logged and tried again the next time. */
export async function recoverDeletions(deps: Parts): Promise<void> {
  try {
    for (const lease of await deps.db.read.deletions()) {
      if (isAbandoned(deps.transfers, lease)) await recoverDeletion(deps, lease);
    }
  } catch (error) {
    log.error("deletions that were broken off cannot be looked for", { error });
  }
}

async function recoverDeletion(deps: Parts, { token, image_id }: DeletionLease): Promise<void> {
  const transfer = deps.transfers.begin(null);
  const by = transfer.lease;
  try {
    const taken = await deps.db.write.takeDeletion({ token, by });
    if (!taken) return;
    if (taken.locationIds === null) await deleteData(deps, taken.image, by.token);
    else {
      const copies = { token: by.token, locationIds: taken.locationIds };
      await deleteCopies(deps, taken.image, copies, () => Promise.resolve());
    }
    const what = taken.locationIds === null ? "image" : "copies of image";
    log.warn(`the deletion of ${what} ${image_id} was broken off; it is complete now`);
  } catch (error) {
    log.error(`the deletion of image ${image_id} was broken off and could not be completed`, { error });
  } finally {
    transfer.end();
  }
}
