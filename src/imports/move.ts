/** Changes of an image by the task that works on it. */
import type { ImageRecord, ImageTransition, UsageLimit } from "../../db/records.ts";
import { fail } from "../errors.ts";
import type { Quota } from "../quota/quota.ts";
import type { TaskRun } from "../tasks/start.ts";

export const IMPORT_STATUSES = ["queued", "uploading", "importing", "active", "deactivated"] as const;

/** Happens only while the run holds its task. Errors: not_found, conflict, too_large by `quota`. */
export async function move(
  { ctx, token }: TaskRun,
  change: ImageTransition,
  quota: Quota | null = null,
): Promise<ImageRecord> {
  const limit: UsageLimit | null = quota?.limit ?? null;
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
