/** The steps that imports of every kind share: from a source by the staging area (docs/reference/stores.md §11) to the stores (docs/reference/background-jobs.md §4.2). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail, GlanceError, isError } from "../errors.ts";
import { filePeek } from "../formats/inspection.ts";
import { imageById } from "../images/find.ts";
import { checkSizeCap, receive, warnIfFull } from "../images/transfer.ts";
import { judgeData } from "../images/upload.ts";
import { getLog } from "../observe/log.ts";
import { checkStorageQuota } from "../quota/quota.ts";
import { verifyFile } from "../signatures/verifier.ts";
import { pathOf, type StoreId, type WriteHandle } from "../stores/store.ts";
import { type Step, StepFailed, type TaskInput, type TaskRun } from "../tasks/runner.ts";
import { nodeAlgorithm } from "../util/hash_algorithm.ts";
import { hashFile } from "../util/hash_pool.ts";
import { type Source, sourceBroke } from "./fetch_source.ts";
import { type ExpectedHash, type ImportJob, without } from "./job.ts";
import { discardFrom, type Judged, WriteFailed, type WritePlan, writeStores } from "./write_stores.ts";

const log = getLog("oneglance.imports");

/** What an import has to do. */
export interface ImportInput extends TaskInput {
  job: ImportJob;
}

/** What its steps add. */
export interface ImportAdded {
  /** As the last step left it. */
  image: ImageRecord;
  /** The stores that the data is still to be written to. */
  stores: readonly StoreId[];
  /** Opens the data at its source; absent for data that the user staged. The signal ends its body as well. */
  open?: (signal: AbortSignal) => Promise<Source>;
  /** The staged file. */
  path: string;
  /** Its bytes. */
  size: number;
  judged: Judged;
  /** Whether it has holes. */
  sparse: boolean;
  /** The stores to record as failed, if the import fails from now on. */
  blamed: readonly StoreId[];
  /** The stores that did not take the data when the write failed. */
  tried?: readonly StoreId[];
}

type State = Readonly<ImportInput & ImportAdded>;
export type ImportStep = Step<ImportInput, ImportAdded>;

/** Leaves the whole data in the staging area, under the id of the image. */
export const stageStep: ImportStep = {
  name: "stage",
  async run(run, { job, image, open }) {
    const { deps } = run.ctx;
    const path = stagedPath(deps, image.id);
    // Whole data is there from the user, or from an earlier run that came so far; other data is a left-over.
    if ((!open || run.past) && await isStaged(deps, image.id)) {
      if (!open) await checkStaged(run, image, path, job.expectedHash);
      return { path };
    }
    if (!open) fail("not_found", "The staged data is not here.");
    await unstage(deps, image.id);
    const { signal, end } = timeLimit(run);
    try {
      await download({ ...run, signal }, image, job, await open(signal));
    } finally {
      end();
    }
    return { path };
  },
  /** The user's own data goes as well: the image is queued again. */
  undo: ({ ctx }, { imageId }) => unstage(ctx.deps, imageId),
};

/** Changes nothing: the data is judged as an upload of it would be, and held against limits. */
export const inspectStep: ImportStep = {
  name: "inspect",
  async run({ ctx }, { job, image, path }) {
    const { size, virtual_size, sparse } = await judgeStaged(ctx, image, path);
    checkSizeCap(ctx, size);
    await checkStorageQuota(ctx, image.id, size, job.stores.length);
    const { disk_format, container_format } = image;
    return { size, sparse, judged: { disk_format, container_format, virtual_size } };
  },
};

/** Changes nothing: the data of a signed image must be what was signed. */
export const verifyStep: ImportStep = {
  name: "signature",
  async run(run, { image, path }) {
    run.report({ step: "signature" });
    await verifyFile(run.ctx, image, path);
    return {};
  },
};

/** Leaves the data in the stores, and a location of each in the image, which is active with the last. */
export const writeStep: ImportStep = {
  name: "write",
  run: (run, state) => {
    const { ctx } = run;
    const { path, size, sparse, judged } = state;
    const open = async () => (await openStaged(path)).readable;
    const judge = async (image: ImageRecord) => (await judgeStaged(ctx, image, path)).virtual_size;
    return writeMissing(run, state, { size, sparse, judged, open, judge });
  },
  undo: discardData,
};

/** Leaves the staging area without data of the image. Logs data that it cannot remove; the next start removes it. */
export const unstageStep: ImportStep = {
  name: "unstage",
  async run({ ctx }, { imageId }) {
    await unstage(ctx.deps, imageId).catch((error) => {
      log.error(`staged data of image ${imageId} could not be removed`, { error });
    });
    return {};
  },
};

/** Writes to those of the stores that the image is not in; an earlier run may have recorded some. */
export async function writeMissing(
  run: TaskRun,
  { job, imageId, stores }: State,
  data: Omit<WritePlan, "job" | "image" | "stores">,
): Promise<Pick<ImportAdded, "image">> {
  const now = await imageById(run.ctx.deps, imageId);
  const missing = without(run.ctx.deps, now, stores);
  try {
    const { image } = await writeStores(run, { ...data, job, image: now, stores: missing });
    return { image };
  } catch (error) {
    if (!(error instanceof WriteFailed)) throw error;
    throw new StepFailed<ImportAdded>(error.cause, { tried: error.failed });
  }
}

/** Takes the data out of those stores of the import in which the image has no location any more. */
async function discardData({ ctx: { deps } }: TaskRun, { job, imageId }: ImportInput): Promise<void> {
  for (const id of job.stores) {
    if (id === null || deps.stores.byId(id)) continue;
    log.warn(`store ${id} is not configured any more: data of image ${imageId} may stay there`);
  }
  await discardFrom(
    deps,
    imageId,
    job.stores.flatMap((id) => id === null ? deps.stores.default : deps.stores.byId(id) ?? []),
  );
}

/** Errors: conflict, for data that is not what was staged, or expected. */
async function checkStaged(
  run: TaskRun,
  image: ImageRecord,
  path: string,
  expected: ExpectedHash | null,
): Promise<void> {
  // A glance-api that died leaves half of the data under the same name, and no size.
  if (image.size !== (await Deno.stat(path)).size) {
    fail("conflict", "The staged data is not whole: its size is not the one that was staged.");
  }
  if (!expected) return;
  run.report({ step: "hashing" });
  const [found] = await hashFile(path, [nodeAlgorithm(expected.algorithm, "expected_hash")]);
  checkHash(expected, found!);
}

/** Errors: conflict. */
function checkHash({ algorithm, value }: ExpectedHash, found: string): void {
  if (found !== value.toLowerCase()) {
    fail("conflict", `The data has the ${algorithm} hash ${found}, expected was ${value.toLowerCase()}.`);
  }
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
  const { ctx, report, signal } = run;
  let handle: WriteHandle | undefined;
  try {
    if (source.length !== null) checkSizeCap(ctx, source.length);
    const writing = handle = await ctx.deps.stores.staging.open(image.id, {
      size: source.length,
      algorithm: expected?.algorithm ?? ctx.deps.config.get("DEFAULT.hashing_algorithm"),
    });
    report({ step: "staging", bytes: 0, total: source.length });
    const room = await checkStorageQuota(ctx, image.id, source.length, copies);
    await receive(ctx, writing, source.body, source.length, signal, {
      room,
      moved: (bytes) => report({ bytes }),
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

/** The unit of a file's allocated blocks, in bytes. */
const BLOCK = 512;

type Parts = Pick<Deps, "stores">;

/** Where the data of an image is staged. */
export function stagedPath({ stores }: Parts, imageId: string): string {
  return pathOf(`${stores.staging.urlPrefix}/${imageId}`);
}

/** Whether whole data of the image is staged here. */
export async function isStaged({ stores }: Parts, imageId: string): Promise<boolean> {
  try {
    await stores.staging.size(`${stores.staging.urlPrefix}/${imageId}`);
    return true;
  } catch (error) {
    if (isError(error, "store_not_found")) return false;
    throw error;
  }
}

/** Removes whatever is staged of an image: half-written files too, and what plugins made of it (`ID.qcow2`). */
export async function unstage(deps: Parts, imageId: string): Promise<void> {
  await deps.stores.staging.discard(imageId);
  const path = stagedPath(deps, imageId);
  const directory = path.slice(0, path.lastIndexOf("/"));
  try {
    for await (const { name } of Deno.readDir(directory)) {
      if (name.startsWith(`${imageId}.`)) await Deno.remove(`${directory}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
  }
}

/**
 * Inspects the content of a staged file as an upload of it would be, and whether it has holes.
 * Errors: unsupported_media_type, not_found.
 */
export async function judgeStaged(
  ctx: Ctx,
  image: ImageRecord,
  path: string,
): Promise<{ size: number; virtual_size: number | null; sparse: boolean }> {
  using file = await openStaged(path);
  const { size, blocks } = await file.stat();
  const sparse = blocks !== null && blocks * BLOCK < size;
  const peek = filePeek(file);
  return { size, sparse, virtual_size: await judgeData(ctx, image, { peek }, size) };
}

/** Errors: not_found. */
export async function openStaged(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) fail("not_found", "The staged data is not here.", { cause });
    return fail("internal", "The staged data cannot be read.", { cause });
  }
}
