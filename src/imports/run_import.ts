/** The task behind an import (spec/background-jobs.md §4.1); the whole of it, step by step. */
import type { ImageColumns, ImageRecord } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { checkSizeCap } from "../images/receive.ts";
import { getLog } from "../observe/log.ts";
import { checkStorageQuota } from "../quota/storage.ts";
import { lostReason, stoppingReason } from "../tasks/background.ts";
import { leaveTask, messageOf, processTask, taskEnd } from "../tasks/finish.ts";
import { refuseUnlocked, type TaskRun } from "../tasks/start.ts";
import { verifyFile } from "../signatures/verifier.ts";
import { beginImport } from "./begin.ts";
import { bringToStaging } from "./bring.ts";
import { copySources, readFrom } from "./copy_source.ts";
import { fetchSource } from "./fetch_source.ts";
import { openRemoteData, readRemote, type Remote } from "./glance_source.ts";
import { copiesCounted, type ImportJob, isResumable, jobOf } from "./job.ts";
import { move } from "./move.ts";
import { runPlugins } from "./plugins/run.ts";
import { judgeStaged, openStaged, unstage } from "./staged.ts";
import { remember, type Undo, undoImport } from "./undo.ts";
import { writeStores, type Writing } from "./write_stores.ts";

const log = getLog("oneglance.imports");

/** What a failure needs to know of how far the import came. */
interface Attempt extends Omit<Undo, "error"> {
  /** Whether the image has become this import's. */
  begun: boolean;
  writing?: Writing;
}

/** Runs the task to its end. `resumed`: an earlier run may have done a part. Throws nothing that the task does not say. */
export async function runImport(run: TaskRun, resumed = false): Promise<void> {
  const { deps } = run.ctx;
  let job: ImportJob;
  try {
    job = jobOf(run.task);
    // A task of POST /v2/tasks may name an image that another task works on, another's, or none: it is not touched.
    if (run.imageId !== job.imageId) await refuseUnlocked(run.ctx, job.imageId);
  } catch (error) {
    const end = taskEnd(deps, "failure", { message: messageOf(error) });
    await deps.db.write.tasks.end({ token: run.token, end });
    return;
  }
  const attempt: Attempt = {
    begun: resumed && run.task.status !== "pending",
    failed: [],
    before: { columns: {}, properties: {} },
  };
  try {
    run.signal.throwIfAborted();
    if (!await processTask(deps, run.task.id)) throw lostReason();
    await importData(run, job, attempt, resumed);
    const end = taskEnd(deps, "success", { result: { image_id: job.imageId } });
    await deps.db.write.tasks.end({ token: run.token, end });
  } catch (error) {
    await settle(run, job, attempt, run.signal.aborted ? run.signal.reason : error);
  }
}

async function settle(run: TaskRun, job: ImportJob, attempt: Attempt, error: unknown): Promise<void> {
  const { deps } = run.ctx;
  if (error === lostReason()) {
    return log.warn(`import of image ${job.imageId} was taken over by another process`);
  }
  const resumable = isResumable(deps, job) || !attempt.begun && job.name !== "glance-download";
  if (error === stoppingReason() && resumable) return await leaveTask(deps, run);
  if (!attempt.begun && isError(error, "conflict")) {
    // Something else was made of the image while the task waited for its turn: nothing of it is the import's.
    log.error(`import of image ${job.imageId} failed`, { error });
    const end = taskEnd(deps, "failure", { message: messageOf(error) });
    await deps.db.write.tasks.end({ token: run.token, end });
    return;
  }
  await undoImport(run, job, { ...attempt, failed: failedOf(deps, job, attempt, error), error });
}

/** The stores that are to be named as failed: all that were asked for where one failure is that of all. */
function failedOf(
  { config }: Pick<Deps, "config">,
  job: ImportJob,
  { failed, writing }: Attempt,
  error: unknown,
): (string | null)[] {
  if (isError(error, "too_large") && !writing && failed.length === 0) return [];
  const tried = writing?.failed ?? [];
  if (job.name === "web-download" || job.name === "glance-download" || !job.mustSucceed) return failed;
  // Stores that are written together fail together.
  const together = job.name !== "copy-image" && config.get("image_import_opts.max_parallel_stores") > 1;
  if (together) return failed;
  return tried.length > 0 ? tried : failed.slice(0, 1);
}

async function importData(run: TaskRun, job: ImportJob, attempt: Attempt, resumed: boolean): Promise<void> {
  const { ctx } = run;
  const { image, stores } = await beginImport(run, job, resumed);
  attempt.begun = true;
  if (job.name === "copy-image") return await copyImage(run, job, attempt, image, stores);
  let current = image;
  let remote: Remote | undefined;
  if (job.name === "glance-download" && stores.length > 0) {
    const found = await readRemote(run, job);
    remote = found.remote;
    current = await change(run, attempt, image, found);
  }
  attempt.failed = job.stores;
  if (stores.length > 0) {
    let path = await bringToStaging(run, current, job, (signal) => {
      if (remote) return openRemoteData({ ...run, signal }, remote);
      return fetchSource(ctx.deps, { uri: job.method.uri, what: "URI for web-download" }, signal);
    }, resumed);
    const copies = job.stores.length;
    ({ image: current, path } = await applyPlugins(run, attempt, current, { path, copies }));
    const { size, virtual_size, sparse } = await judgeStaged(ctx, current, path);
    checkSizeCap(ctx, size);
    await checkStorageQuota(ctx, current.id, size, copies);
    run.progress.step = "signature";
    await verifyFile(ctx, current, path);
    const open = async () => (await openStaged(path)).readable;
    const judge = async (image: ImageRecord) => (await judgeStaged(ctx, image, path)).virtual_size;
    attempt.writing = { image: current, stores, size, virtual_size, sparse, open, judge, failed: [] };
    await writeStores(run, job, attempt.writing);
  }
  await unstage(ctx.deps, image.id).catch((error) => {
    log.error(`staged data of image ${image.id} could not be removed`, { error });
  });
}

type Changes = { columns: Partial<Omit<ImageColumns, "status">>; setProperties: Record<string, string> };

/** Sets attributes that the import brings along, so that a failure can set them back. */
async function change(
  run: TaskRun,
  attempt: Attempt,
  image: ImageRecord,
  { columns, setProperties }: Changes,
): Promise<ImageRecord> {
  if (Object.keys(columns).length === 0 && Object.keys(setProperties).length === 0) return image;
  remember(attempt.before, image, columns, setProperties);
  const taskBefore = JSON.stringify(attempt.before);
  return await move(run, {
    id: image.id,
    from: ["importing"],
    to: "same",
    columns,
    setProperties,
    taskBefore,
  });
}

async function applyPlugins(
  run: TaskRun,
  attempt: Attempt,
  image: ImageRecord,
  staged: { path: string; copies: number },
): Promise<{ image: ImageRecord; path: string }> {
  const { ctx, signal } = run;
  run.progress.step = "plugins";
  const { path, ...changes } = await runPlugins({
    ctx,
    image,
    ...staged,
    signal,
    progress: (text) => run.progress.step = text.slice(0, 30),
  });
  return { image: await change(run, attempt, image, changes), path };
}

async function copyImage(
  run: TaskRun,
  job: ImportJob,
  attempt: Attempt,
  image: ImageRecord,
  stores: (string | null)[],
): Promise<void> {
  if (stores.length === 0) return;
  attempt.failed = stores;
  const { size, virtual_size } = image;
  await checkStorageQuota(run.ctx, image.id, size, copiesCounted(run.ctx, job, image) + stores.length);
  let last: unknown;
  for (const location of copySources(run.ctx.deps, image)) {
    const writing = { image, stores, size, virtual_size, open: () => readFrom(run, location), failed: [] };
    attempt.writing = writing;
    try {
      return await writeStores(run, job, writing);
    } catch (error) {
      // A store that refuses would do so again; a source that breaks off has neighbours.
      if (run.signal.aborted || writing.failed.length > 0) throw error;
      log.warn(`location ${location.id} of image ${image.id} cannot be copied from`, { error });
      last = error;
    }
  }
  throw last ?? fail("not_found", "Image not found in any configured store");
}
