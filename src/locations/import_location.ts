/** The task behind an added location (spec/background-jobs.md §4.4, spec/images-api.md §2.10.2). */
import type { ImageColumns, ImageRecord, ImageTransition } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { sizeOfExternal } from "../images/external_location.ts";
import { getLog } from "../observe/log.ts";
import { limitText } from "../quota/counts.ts";
import { finishTask, INTERNAL, processTask } from "../tasks/finish.ts";
import type { HashGiven } from "./add.ts";
import { hashLocation } from "./hash_location.ts";

const log = getLog("oneglance.locations");

export interface LocationImport {
  image: ImageRecord;
  /** Id of the task, pending. */
  task: string;
  url: string;
  validation: HashGiven | null;
  signal: AbortSignal;
}

type Columns = Partial<Omit<ImageColumns, "status">>;

/** Runs the task to its end; the lock is dropped whatever happens. */
export async function importLocation(ctx: Ctx, job: LocationImport): Promise<void> {
  const { deps } = ctx;
  const { image, task } = job;
  try {
    if (!await processTask(deps, task)) return;
    await saveLocation(ctx, job);
    await finishTask(deps, task, "success", undefined, { image_id: image.id });
  } catch (error) {
    const why = isError(error) ? `: ${error.message}` : "";
    log.error(`location import of image ${image.id} failed${why}`, isError(error) ? {} : { error });
    await finishTask(deps, task, "failure", isError(error, "too_large") ? error.message : INTERNAL);
  } finally {
    await deps.db.write.dropImportLock({ imageId: image.id, taskId: task });
  }
}

async function saveLocation(ctx: Ctx, job: LocationImport): Promise<void> {
  const { caller, deps } = ctx;
  const { image, url, validation } = job;
  if (!caller.isAdmin && caller.projectId !== image.owner) {
    fail("forbidden", "The image belongs to another project.");
  }
  const quota = deps.config.get("DEFAULT.image_location_quota");
  if (quota >= 0 && quota < 1) fail("too_large", limitText("image locations", 1, quota));
  const size = await sizeOfExternal(ctx, url, {});
  const store = deps.stores.multi ? deps.stores.guess(url)?.id : null;
  const location = { url, metadata: store ? { store } : {} };
  const base = { id: image.id, from: ["queued" as const], addLocations: [location] };
  const secure = deps.config.get("DEFAULT.do_secure_hash");
  if (secure && validation) {
    return await saveVerified(ctx, job, { ...base, to: "importing", columns: { size } });
  }
  await move(ctx, { ...base, to: "active", columns: { size, ...(secure ? {} : validation) } });
  if (secure) await hashLater(ctx, job);
}

/** The image becomes active only when the data has the hash that was given. */
async function saveVerified(ctx: Ctx, job: LocationImport, transition: ImageTransition): Promise<void> {
  const { image, url, signal } = job;
  const validation = job.validation!;
  await move(ctx, transition);
  try {
    const { md5, hash } = await hashLocation(ctx, url, validation.os_hash_algo, signal);
    if (hash !== validation.os_hash_value.toLowerCase()) {
      fail("conflict", "The data has another hash than was given.");
    }
    const columns = { checksum: md5, os_hash_algo: validation.os_hash_algo, os_hash_value: hash };
    await move(ctx, { id: image.id, from: ["importing"], to: "active", columns });
  } catch (error) {
    await move(ctx, {
      id: image.id,
      from: ["importing"],
      to: "queued",
      columns: { size: null, virtual_size: null, checksum: null, os_hash_algo: null, os_hash_value: null },
      // Upstream keeps an http location on the queued image, and clients know it so.
      dropLocations: !url.startsWith("http"),
    }).catch((cause) => log.warn(`image ${image.id} was not put back to queued`, { error: cause }));
    throw error;
  }
}

/** The image is active already; its hashes come when they are known, or not at all. */
async function hashLater(ctx: Ctx, { image, url, signal }: LocationImport): Promise<void> {
  const algorithm = ctx.deps.config.get("DEFAULT.hashing_algorithm");
  const set = (columns: Columns) => ctx.deps.db.write.changeImage({ id: image.id, columns });
  await set({ os_hash_algo: algorithm });
  try {
    const { md5, hash } = await hashLocation(ctx, url, algorithm, signal);
    await set({ checksum: md5, os_hash_value: hash });
  } catch (error) {
    log.warn(`the hash of image ${image.id} could not be computed`, { error });
    if (!signal.aborted) await set({ os_hash_algo: null });
  }
}

async function move(ctx: Ctx, transition: ImageTransition): Promise<void> {
  const result = await ctx.deps.db.write.transitionImage(transition);
  if (result.outcome === "gone") fail("not_found", `Image ${transition.id} was deleted meanwhile.`);
  if (result.outcome === "status") {
    fail("conflict", `Image status transition from ${result.status} to ${transition.to} is not allowed`);
  }
}
