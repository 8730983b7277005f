/** The task type `import` (spec/tasks-api.md §5.1): makes an image of what stands at a URL. */
import { fail, isError } from "../errors.ts";
import { insertImage } from "../images/create.ts";
import { checkSizeCap } from "../images/receive.ts";
import { getLog } from "../observe/log.ts";
import { verifyFile } from "../signatures/verifier.ts";
import { lostReason } from "../tasks/background.ts";
import { messageOf, processTask, taskEnd } from "../tasks/finish.ts";
import type { TaskRun } from "../tasks/start.ts";
import { bringToStaging } from "./bring.ts";
import { checkImportUri, fetchSource } from "./fetch_source.ts";
import { discardFrom } from "./discard.ts";
import { type ImportJob, storeOf } from "./job.ts";
import { prepareDisk } from "./legacy_disk.ts";
import { legacyImage } from "./legacy_image.ts";
import { judgeStaged, openStaged, unstage } from "./staged.ts";
import { writeStores } from "./write_stores.ts";

const log = getLog("oneglance.imports");

/** To the store that the input names, or the default. Errors: conflict, for one that is not configured. */
function jobFor(run: TaskRun, imageId: string, input: Record<string, unknown>): ImportJob {
  const { stores } = run.ctx.deps;
  const named = stores.multi ? String(input.backend ?? stores.default.id) : null;
  storeOf(run.ctx.deps, named);
  return {
    imageId,
    method: { name: "web-download", uri: String(input.import_from) },
    name: "web-download",
    stores: [named],
    mustSucceed: true,
    expectedHash: null,
  };
}

/**
 * Runs the task to its end; on a failure before the image is active it is gone. `giveUp`: an earlier run was broken
 * off.
 */
export async function runLegacyImport(run: TaskRun, giveUp = false): Promise<void> {
  const { deps } = run.ctx;
  const id = run.imageId ?? fail("internal", "The task has no image.");
  try {
    if (!giveUp) {
      if (!await processTask(deps, run.task.id)) throw lostReason();
      await importNew(run, id);
    } else if (!await isActive(run, id)) {
      fail("unavailable", "The service was ended while it worked on the task.");
    }
  } catch (caught) {
    const error = run.signal.aborted ? run.signal.reason : caught;
    if (error === lostReason()) return;
    log.error(`import task ${run.task.id} failed`, { error });
    await remove(run, id);
    const end = taskEnd(deps, "failure", { message: legacyMessage(error) });
    await deps.db.write.tasks.end({ token: run.token, end });
    return;
  }
  await unstage(deps, id).catch((error) => {
    log.error(`staged data of image ${id} could not be removed`, { error });
  });
  const end = taskEnd(deps, "success", { result: { image_id: id } });
  await deps.db.write.tasks.end({ token: run.token, end });
}

/** What is wrong with the input stands in the message as it is (§5.3). */
function legacyMessage(error: unknown): string {
  return isError(error, "bad_request") ? error.message : messageOf(error);
}

async function importNew(run: TaskRun, id: string): Promise<void> {
  const { ctx, task } = run;
  const input = task.input ?? {};
  for (const name of ["import_from", "import_from_format", "image_properties"]) {
    if (!input[name]) fail("bad_request", `Input does not contain '${name}' field`);
  }
  const source = { uri: input.import_from, what: "URI for legacy import task" } as const;
  await checkImportUri(ctx.deps, source.uri, source.what);
  const job = jobFor(run, id, input);
  const made = await insertImage(ctx, await legacyImage(run, job, input.image_properties));
  const open = (signal: AbortSignal) => fetchSource(ctx.deps, source, signal);
  const staged = await bringToStaging(run, made, job, open, false);
  const { image, path } = await prepareDisk(run, made, staged);
  const { size, virtual_size, sparse } = await judgeStaged(ctx, image, path);
  checkSizeCap(ctx, size);
  await verifyFile(ctx, image, path);
  await writeStores(run, job, {
    image,
    stores: job.stores,
    size,
    virtual_size,
    sparse,
    open: async () => (await openStaged(path)).readable,
    judge: async (changed) => (await judgeStaged(ctx, changed, path)).virtual_size,
    failed: [],
  });
}

/** Whether an earlier run has come so far: then somebody may use the image. */
async function isActive({ ctx }: TaskRun, id: string): Promise<boolean> {
  const image = await ctx.deps.db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } });
  return image?.status === "active" || image?.status === "deactivated";
}

/** Deletes the image and whatever came of it. */
async function remove(run: TaskRun, id: string): Promise<void> {
  const { deps } = run.ctx;
  await deps.db.write.images.delete({ id, to: "deleted" });
  // Of an image that was gone already data may be left that nothing speaks of.
  await discardFrom(deps, id, deps.stores.all);
  await unstage(deps, id);
}
