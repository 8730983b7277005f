/** Brings the data of an import to the staging area, or finds it there (spec/background-jobs.md §4.2). */
import type { ImageRecord } from "../../db/records.ts";
import { fail, GlanceError } from "../errors.ts";
import { checkSizeCap, receive } from "../images/receive.ts";
import { warnIfFull } from "../images/store_errors.ts";
import { checkStorageQuota } from "../quota/storage.ts";
import type { WriteHandle } from "../stores/store.ts";
import type { TaskRun } from "../tasks/start.ts";
import { hashFile } from "../util/hash_file.ts";
import { nodeAlgorithm } from "../util/hash_algorithm.ts";
import { type Source, sourceBroke } from "./fetch_source.ts";
import type { ExpectedHash, ImportJob } from "./job.ts";
import { isStaged, stagedPath, unstage } from "./staged.ts";

/** Asks for the data; the signal ends also its body. */
export type Open = (signal: AbortSignal) => Promise<Source>;

/** The path of the whole data. `open` gives the source. Errors: those of the source, bad_request, too_large, conflict. */
export async function bringToStaging(
  run: TaskRun,
  image: ImageRecord,
  job: ImportJob,
  open: Open,
  resumed: boolean,
): Promise<string> {
  const { deps } = run.ctx;
  const path = stagedPath(deps, image.id);
  // Whole data stands there from the user, or from an earlier run that came so far; else it is somebody's left-over.
  if ((resumed || job.name === "glance-direct") && await isStaged(deps, image.id)) {
    // A glance-api that died leaves half of the data under the same name, and no size.
    if (job.name === "glance-direct" && image.size !== (await Deno.stat(path)).size) {
      fail("conflict", "The staged data is not whole: its size is not the one that was staged.");
    }
    if (job.name === "glance-direct" && job.expectedHash) {
      run.progress.step = "hashing";
      const [found] = await hashFile(path, [nodeAlgorithm(job.expectedHash.algorithm, "expected_hash")]);
      checkHash(job.expectedHash, found!);
    }
    return path;
  }
  if (job.name === "glance-direct") fail("not_found", "The staged data is not here.");
  await unstage(deps, image.id);
  const { signal, end } = timeLimit(run);
  try {
    await download({ ...run, signal }, image, job, await open(signal));
  } finally {
    end();
  }
  return path;
}

/** The signal of the run, which also fires when the source has taken too long. */
function timeLimit({ ctx, signal }: TaskRun): { signal: AbortSignal; end: () => void } {
  const seconds = ctx.deps.config.get("oneglance.import_download_timeout");
  if (seconds === 0) return { signal, end: () => {} };
  const late = new AbortController();
  const reason = new GlanceError(
    "unavailable",
    `The source has not sent all of its data within ${seconds} s.`,
  );
  const timer = setTimeout(() => late.abort(reason), seconds * 1000);
  return { signal: AbortSignal.any([signal, late.signal]), end: () => clearTimeout(timer) };
}

async function download(
  run: TaskRun,
  image: ImageRecord,
  { expectedHash: expected, stores: { length: copies } }: ImportJob,
  source: Source,
): Promise<void> {
  const { ctx, progress, signal } = run;
  let handle: WriteHandle | undefined;
  try {
    if (source.length !== null) checkSizeCap(ctx, source.length);
    const writing = handle = await ctx.deps.stores.staging.open(image.id, {
      size: source.length,
      algorithm: expected?.algorithm ?? ctx.deps.config.get("DEFAULT.hashing_algorithm"),
    });
    Object.assign(progress, { step: "staging", bytes: 0, total: source.length });
    const room = await checkStorageQuota(ctx, image.id, source.length, copies);
    await receive(ctx, writing, source.body, source.length, signal, {
      room,
      moved: (bytes) => progress.bytes = bytes,
      broken: sourceBroke,
    });
    if (expected) checkHash(expected, (await writing.digests()).hash);
    await writing.commit();
  } catch (error) {
    // Where nothing has begun to read it, the connection would stay open; otherwise it is closed already.
    source.body.cancel(error).catch(() => {});
    await warnIfFull(ctx, ctx.deps.stores.staging, image.id, error);
    await handle?.cancel();
    throw error;
  }
}

/** Errors: conflict. */
function checkHash({ algorithm, value }: ExpectedHash, found: string): void {
  if (found !== value.toLowerCase()) {
    fail("conflict", `The data has the ${algorithm} hash ${found}, expected was ${value.toLowerCase()}.`);
  }
}
