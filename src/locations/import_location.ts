/** The task behind an added location (spec/background-jobs.md §4.4, spec/images-api.md §2.10.2). */
import type { ImageColumns, ImageRecord, ImageTransition } from "../../db/records.ts";
import { fail, isError } from "../errors.ts";
import { sizeOfExternal } from "../images/external_location.ts";
import { deletionEnded } from "../images/deletion_ended.ts";
import { imageById } from "../images/find.ts";
import { getLog } from "../observe/log.ts";
import { limitText } from "../quota/counts.ts";
import { stoppingReason } from "../tasks/background.ts";
import { leaveTask, messageOf, processTask, taskEnd } from "../tasks/finish.ts";
import { refuseUnlocked, type TaskRun } from "../tasks/start.ts";
import { nodeAlgorithm } from "../util/hash_algorithm.ts";
import type { HashGiven } from "./add.ts";
import { hashLocation } from "./hash_location.ts";

const log = getLog("oneglance.locations");

const ENDED = "The service was ended while it worked on the location.";

type Columns = Partial<Omit<ImageColumns, "status">>;

interface Input {
  url: string;
  validation: HashGiven | null;
}

/**
 * Runs the task to its end, from wherever an earlier run has brought it; the lock is dropped whatever happens. A
 * process that stops leaves it to the next one. `giveUp`: earlier runs were broken off too often.
 */
export async function importLocation(run: TaskRun, giveUp = false): Promise<void> {
  const { deps } = run.ctx;
  const id = run.task.image_id ?? String(run.task.input?.image_id ?? "");
  try {
    const input = inputOf(run);
    if (!await processTask(deps, run.task.id)) return;
    // The image is another's, or another task's: it is not touched.
    if (run.imageId !== id) await refuseUnlocked(run.ctx, id);
    const image = await imageById(deps, id);
    if (image.status === "importing") await verify(run, image, input, giveUp);
    else if (image.status !== "queued") await hashUnlessKnown(run, image, input, giveUp);
    else if (giveUp) fail("unavailable", ENDED);
    else await saveLocation(run, image, input);
    const end = taskEnd(deps, "success", { result: { image_id: id } });
    await deps.db.write.tasks.end({ token: run.token, end });
  } catch (error) {
    if (run.signal.reason === stoppingReason()) return await leaveTask(deps, run);
    const why = isError(error) ? `: ${error.message}` : "";
    log.error(`location import of image ${id} failed${why}`, isError(error) ? {} : { error });
    await deps.db.write.tasks.end({
      token: run.token,
      end: taskEnd(deps, "failure", { message: messageOf(error) }),
    });
  }
}

function inputOf({ task }: TaskRun): Input {
  const { input } = task;
  if (!input || Object.keys(input).length === 0) fail("bad_request", `Input of ${task.type} is empty`);
  for (const name of ["image_id", "loc_url", "validation_data"]) {
    if (input[name] === undefined) fail("bad_request", `Input does not contain '${name}' field`);
  }
  const given = input.validation_data as Partial<HashGiven> | null;
  if (given?.os_hash_algo !== undefined) nodeAlgorithm(String(given.os_hash_algo), "os_hash_algo");
  return {
    url: String(input.loc_url),
    validation: given?.os_hash_algo === undefined ? null : given as HashGiven,
  };
}

async function saveLocation(run: TaskRun, image: ImageRecord, input: Input): Promise<void> {
  const { deps } = run.ctx;
  const { url, validation } = input;
  const quota = deps.config.get("DEFAULT.image_location_quota");
  if (quota >= 0 && quota < 1) fail("too_large", limitText("image locations", 1, quota));
  const size = await sizeOfExternal(run.ctx, url, {});
  const store = deps.stores.multi ? deps.stores.guess(url)?.id : null;
  const location = { url, metadata: store ? { store } : {} };
  const base = {
    id: image.id,
    from: ["queued" as const],
    // The one that `verify` has left on it is not that of the data any more, or it is this one.
    dropLocationIds: image.locations.filter(isKept).map(({ id }) => id),
    addLocations: [location],
  };
  const secure = deps.config.get("DEFAULT.do_secure_hash");
  if (secure && validation) {
    await move(run, { ...base, to: "importing", columns: { size } });
    return await verify(run, { ...image, size }, input);
  }
  await move(run, { ...base, to: "active", columns: { size, ...(secure ? {} : validation) } });
  if (secure) await hashLater(run, { ...image, size }, input);
}

/** Upstream keeps an http location on an image that is queued again, and clients know it so. */
const isKept = ({ url }: { url: string }): boolean => url.startsWith("http");

/** The image becomes active only when the data has the hash that was given. */
async function verify(
  run: TaskRun,
  image: ImageRecord,
  { url, validation }: Input,
  giveUp = false,
): Promise<void> {
  try {
    if (giveUp) fail("unavailable", ENDED);
    const given = validation ?? fail("internal", "No hash was given.");
    const data = { url, algorithm: given.os_hash_algo, size: image.size };
    const { md5, hash } = await hashLocation(run.ctx, data, run.signal);
    if (hash !== given.os_hash_value.toLowerCase()) {
      fail("conflict", "The data has another hash than was given.");
    }
    const columns = { checksum: md5, os_hash_algo: given.os_hash_algo, os_hash_value: hash };
    await move(run, { id: image.id, from: ["importing"], to: "active", columns });
  } catch (error) {
    if (run.signal.reason === stoppingReason()) throw error;
    await deletionEnded(run.ctx.deps, image.id);
    await move(run, {
      id: image.id,
      from: ["importing"],
      to: "queued",
      columns: { size: null, virtual_size: null, checksum: null, os_hash_algo: null, os_hash_value: null },
      dropLocations: !isKept({ url }),
    }).catch((cause) => log.warn(`image ${image.id} was not put back to queued`, { error: cause }));
    throw error;
  }
}

/** What an earlier run, which has made the image active, has not done any more. */
async function hashUnlessKnown(
  run: TaskRun,
  image: ImageRecord,
  input: Input,
  giveUp: boolean,
): Promise<void> {
  if (image.os_hash_value !== null || !run.ctx.deps.config.get("DEFAULT.do_secure_hash")) return;
  if (!giveUp) return await hashLater(run, image, input);
  await move(run, { id: image.id, from: [image.status], to: "same", columns: { os_hash_algo: null } });
}

/** The image is active already; its hashes come when they are known, or not at all. */
async function hashLater(run: TaskRun, image: ImageRecord, { url }: Input): Promise<void> {
  const algorithm = run.ctx.deps.config.get("DEFAULT.hashing_algorithm");
  const set = (columns: Columns) =>
    move(run, { id: image.id, from: ["active", "deactivated"], to: "same", columns });
  await set({ os_hash_algo: algorithm });
  try {
    const { md5, hash } = await hashLocation(run.ctx, { url, algorithm, size: image.size }, run.signal);
    await set({ checksum: md5, os_hash_value: hash });
  } catch (error) {
    if (run.signal.reason === stoppingReason()) throw error;
    log.warn(`the hash of image ${image.id} could not be computed`, { error });
    if (!run.signal.aborted) await set({ os_hash_algo: null });
  }
}

/** Errors: not_found, conflict. */
async function move({ ctx, token }: TaskRun, transition: ImageTransition): Promise<void> {
  const result = await ctx.deps.db.write.images.transition({ ...transition, task: token, limit: null });
  if (result.outcome === "gone") fail("not_found", `Image ${transition.id} was deleted meanwhile.`);
  if (result.outcome === "status") {
    fail("conflict", `Image status transition from ${result.status} to ${transition.to} is not allowed`);
  }
}
