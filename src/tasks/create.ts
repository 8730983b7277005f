/** POST /v2/tasks (spec/tasks-api.md §4). */
import type { NewTask, TaskRecord } from "../../db/task_records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { checkImportUri } from "../imports/fetch_source.ts";
import { runLegacyImport } from "../imports/legacy_import.ts";
import { runImport } from "../imports/run_import.ts";
import { importLocation } from "../locations/import_location.ts";
import { ownsImage } from "../policy/owner.ts";
import { requireWriter } from "../policy/read_only.ts";
import { enterTask, type Job, workOn } from "./start.ts";

const JOBS: Record<NewTask["type"], Job> = {
  import: (run) => runLegacyImport(run),
  api_image_import: (run) => runImport(run),
  location_import: (run) => importLocation(run),
};

/** The task, pending; a wrong input shows later in the task. Errors: bad_request. */
export async function createTask(
  ctx: Ctx,
  { type, input }: Pick<NewTask, "type" | "input">,
): Promise<TaskRecord> {
  requireWriter(ctx.caller);
  if (input === null) fail("bad_request", "The input of a task must be an object.");
  if (type === "import") {
    if (!input.import_from) fail("bad_request", "Input does not contain 'import_from' field");
    await checkImportUri(ctx.deps, input.import_from, "URI for legacy import task");
  }
  const imageId = typeof input.image_id === "string" ? input.image_id : null;
  const task = { type, input, image_id: imageId };
  const run = await enterTask(ctx, task, await placeFor(ctx, task)) ??
    await enterTask(ctx, task, { imageId: null, lock: false });
  workOn(run!, JOBS[type]);
  return run!.task;
}

/**
 * A legacy import makes its image itself; the others must have theirs for themselves, and it must be the caller's:
 * the rule `tasks_api_access` says nothing of images. Without a place the task fails and touches nothing.
 */
async function placeFor(
  { deps, caller }: Ctx,
  { type, image_id: id }: Pick<NewTask, "type" | "image_id">,
): Promise<{ imageId: string | null; lock: boolean }> {
  if (type === "import") return { imageId: crypto.randomUUID(), lock: false };
  const viewer = { isAdmin: caller.isAdmin, projectId: caller.projectId };
  const image = id === null ? null : await deps.db.read.images.show({ id, viewer });
  return image && ownsImage(caller, image) ? { imageId: id, lock: true } : { imageId: null, lock: false };
}
