/** Images that a dead glance-api has left in the middle of a transfer; nothing here happens by itself (docs/stuck-images.md). */
import type { StrandedImage } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { recoverUpload } from "../images/recover.ts";
import { getLog } from "../observe/log.ts";
import { taskEnd } from "../tasks/finish.ts";
import { toTimestamp } from "../util/timestamp.ts";
import { STAGING, unstage } from "./staged.ts";

const log = getLog("oneglance.imports.stranded");

/** Hours without a sign of life: longer than any sane upload, and than the two hours after which Glance gives up a lock. */
export const STRANDED_AFTER = 24;

const momentBefore = (hours: number) => toTimestamp(Date.now() - hours * 3_600_000);

/** Images in `saving`, `importing` or half staged that nobody has touched for so many hours. */
export function listStranded({ db }: Pick<Deps, "db">, hours: number): Promise<StrandedImage[]> {
  return db.read.strandedImages({ before: momentBefore(hours) });
}

/**
 * Makes the image `queued` again and removes what was written of it; false when it is not stranded any more. A
 * crash in between is recovered like that of an upload. Errors: database; those of stores are logged.
 */
export async function putBackStranded(deps: Deps, image: StrandedImage, hours: number): Promise<boolean> {
  const staging = image.status === "uploading";
  const transfer = deps.transfers.begin(staging ? STAGING : null);
  try {
    const taken = await deps.db.write.takeStranded({
      id: image.id,
      before: momentBefore(hours),
      by: transfer.lease,
      end: taskEnd(deps, "failure", { message: "Expired lock preempted" }),
    });
    if (!taken) return false;
    if (taken.task_type !== "location_import") {
      await recoverUpload(deps, { ...transfer.lease, image_id: image.id });
      await unstage(deps, image.id);
    }
    return true;
  } finally {
    transfer.end();
  }
}

/** Tells in the log that there are some. Throws nothing. */
export async function warnOfStranded(deps: Pick<Deps, "db">): Promise<void> {
  try {
    const stranded = await listStranded(deps, STRANDED_AFTER);
    if (stranded.length === 0) return;
    log.warn(
      `${stranded.length} images have been in the middle of a transfer for more than ${STRANDED_AFTER} hours, and ` +
        "no process of oneglance works on them: 'oneglance stuck' lists them and can put them back",
    );
  } catch (error) {
    log.warn("images in the middle of a transfer could not be looked for", { error });
  }
}
