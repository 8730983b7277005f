/** Images and tasks that a dead glance-api left unfinished; nothing here happens automatically (docs/stuck-images.md). */
import type { StrandedImage, StrandedTask } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { recoverUpload } from "../images/recover.ts";
import { getLog } from "../observe/log.ts";
import { taskEnd } from "../tasks/runner.ts";
import { lockEnds } from "../tasks/start.ts";
import { unstage } from "./steps.ts";
import { STAGING_STORE } from "../util/names.ts";

const log = getLog("oneglance.imports.stranded");

/** Hours without a sign of life: longer than any sane upload, and than the two hours after which Glance gives up a lock. */
export const STRANDED_AFTER = 24;

/** As Glance says of a task whose lock it takes. */
const GIVEN_UP = { message: "Expired lock preempted" };

const HOUR = 3600;

/** Images in a transfer or locked, and tasks, unchanged for so many hours. */
export async function listStranded(
  { db }: Pick<Deps, "db">,
  hours: number,
): Promise<{ images: StrandedImage[]; tasks: StrandedTask[] }> {
  const seconds = hours * HOUR;
  return {
    images: await db.read.stranded.images({ seconds }),
    tasks: await db.read.stranded.tasks({ seconds }),
  };
}

/** Why an image is stranded, in a few words. */
export function strandedReason(image: StrandedImage): string {
  if (!image.broken) {
    return `held by ${image.task_type === null ? "a task that is gone" : `task ${image.task_id}`}`;
  }
  return image.status === "saving"
    ? "its upload was interrupted"
    : image.status === "uploading"
    ? "its staging was interrupted"
    : "its import was interrupted";
}

/** When its lock expires, in ms since 1970; null without one. */
export function strandedLock({ task_id, task_status, task_since }: StrandedImage): number | null {
  if (task_id === null) return null;
  return task_status === null ? 0 : lockEnds({ status: task_status, updated_at: task_since! });
}

/** Ends a task without an image; false when it has ended. Errors: database. */
export function endStrandedTask(deps: Deps, { id }: StrandedTask): Promise<boolean> {
  return deps.db.write.tasks.change({
    id,
    from: ["pending", "processing"],
    ...taskEnd(deps, "failure", GIVEN_UP),
  });
}

/**
 * Makes the image `queued` again and removes what was written of it, or takes the lock from one that is whole; false
 * when it is no longer stranded. A crash in between is recovered like that of an upload. Errors: database; those of stores are logged.
 */
export async function putBackStranded(deps: Deps, image: StrandedImage, hours: number): Promise<boolean> {
  const staging = image.status === "uploading";
  const held = deps.leases.enter("upload", image.id, staging ? STAGING_STORE : null);
  try {
    const taken = await deps.db.write.stranded.take({
      id: image.id,
      seconds: hours * HOUR,
      by: held.lease,
      end: taskEnd(deps, "failure", GIVEN_UP),
    });
    if (!taken) return false;
    if (taken.broken && taken.task_type !== "location_import") {
      await recoverUpload(deps, { ...held.lease, image_id: image.id });
      await unstage(deps, image.id);
    }
    return true;
  } finally {
    held.end();
  }
}

/** Warns in the log when there are some; resolves to what was found. Errors: database. */
export async function warnOfStranded(deps: Pick<Deps, "db">): Promise<string> {
  const { images, tasks } = await listStranded(deps, STRANDED_AFTER);
  const found = `${images.length} images and ${tasks.length} tasks`;
  if (images.length + tasks.length > 0) {
    log.warn(
      `${found} have been unfinished for more than ${STRANDED_AFTER} hours, and no process of oneglance works on ` +
        "them: 'oneglance stuck' lists them and can put them back",
    );
  }
  return `${found} are stuck`;
}
