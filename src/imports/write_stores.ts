/** The data of an import in its stores: written, several in one read; recorded, one by one; discarded (docs/reference/images-api.md §2.8.3). */
import type { LooseEvent } from "../../db/event_records.ts";
import type { ImageColumns, ImageRecord } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { isError } from "../errors.ts";
import { imageById, imageIfAny } from "../images/find.ts";
import { warnIfFull } from "../images/transfer.ts";
import { uploadFailure } from "../notify/payloads.ts";
import { getLog } from "../observe/log.ts";
import { storageSizeQuota } from "../quota/quota.ts";
import { nameOf, prefixLength, type Store, type StoredLocation, type StoreId } from "../stores/store.ts";
import { lostReason } from "../tasks/background.ts";
import type { TaskRun } from "../tasks/runner.ts";
import { type BadCopy, type Copy, copyToAll, type GoodCopy } from "./copy_to_all.ts";
import {
  copiesCounted,
  failedStores,
  IMPORT_STATUSES,
  type ImportJob,
  listProperties,
  move,
  storeOf,
} from "./job.ts";

const log = getLog("oneglance.imports");

/** How often the task's message is written, in ms; it is also the sign of life of the import lock. */
const MESSAGE_EVERY = 60_000;
const MIB = 2 ** 20;

/** The formats that the data was judged for, and its virtual size then. */
export type Judged = Pick<ImageColumns, "disk_format" | "container_format" | "virtual_size">;

export interface WritePlan {
  job: ImportJob;
  /** Its row now. */
  image: ImageRecord;
  /** The stores to write to, each of which must not have the data. */
  stores: readonly StoreId[];
  /** Bytes that will come; null = unknown. */
  size: number | null;
  judged: Judged;
  /** Whether the data has holes, which the copies keep. */
  sparse?: boolean;
  /** Reads the whole data once more. */
  open: () => Promise<ReadableStream<Uint8Array>>;
  /** Virtual size of the data for the formats of an image; absent where an image had the data before. Errors: unsupported_media_type. */
  judge?: (image: ImageRecord) => Promise<number | null>;
}

/** Not all stores that had to take the data took it; `cause` says why. */
export class WriteFailed extends Error {
  override readonly cause: unknown;
  /** The stores that failed so far. */
  readonly failed: readonly StoreId[];

  constructor(cause: unknown, failed: readonly StoreId[]) {
    super("The data of an import was not written.");
    [this.cause, this.failed] = [cause, failed];
  }
}

/**
 * The image as the last write left it, and the stores that did not take the data. Copies that were recorded before a
 * failure stay; no other data is left. Errors: WriteFailed, when all stores must take the data or none did, when the
 * source breaks off, or when the image is gone or taken over.
 */
export async function writeStores(
  run: TaskRun,
  plan: WritePlan,
): Promise<{ image: ImageRecord; failed: StoreId[] }> {
  const failed: StoreId[] = [];
  let last: unknown;
  const note = async (bad: readonly BadCopy[]) => {
    if (bad.length === 0) return;
    failed.push(...bad.map(({ store }) => store.id));
    last = bad[0]!.error;
    await report(run, plan.image.id, bad);
    if (plan.job.mustSucceed) throw last;
  };
  let { image, judged } = plan;
  let written: GoodCopy[] = [];
  try {
    for (const left = [...plan.stores]; left.length > 0;) {
      const batch = left.splice(0, batchSize(run, left.length));
      const copies = await writeBatch(run, plan, image, batch);
      written = copies.filter((copy) => copy.ok);
      await note(copies.filter((copy) => !copy.ok));
      while (written.length > 0) {
        judged = await judgeAgain(run, plan, image, judged);
        const [copy, ...others] = written as [GoodCopy, ...GoodCopy[]];
        // From here on `commitOne` answers for the copy.
        written = others;
        const waiting = [...others.map(({ store }) => store.id), ...left];
        const done = await commitOne(run, plan, image, copy, { judged, waiting, failed }).catch((error) => {
          failed.push(copy.store.id);
          throw error;
        });
        if ("image" in done) image = done.image;
        else await note([{ store: copy.store, ok: false, error: done.failed }]);
      }
    }
    if (failed.length > 0) {
      if (failed.length === plan.stores.length) throw last;
      const setProperties = listProperties([], [...failedStores(image), ...failed]);
      image = await move(run, { id: image.id, from: [...IMPORT_STATUSES], to: "same", setProperties });
    }
    return { image, failed };
  } catch (cause) {
    for (const { handle } of written) await handle.cancel();
    throw new WriteFailed(cause, failed);
  }
}

/** As many at once as `max_parallel_stores` says where it is set; else all, because that reads the data once. */
function batchSize({ ctx }: TaskRun, most: number): number {
  const { config } = ctx.deps;
  const option = "image_import_opts.max_parallel_stores";
  return config.isSet(option) ? config.get(option) : most;
}

async function writeBatch(
  run: TaskRun,
  plan: WritePlan,
  image: ImageRecord,
  ids: readonly StoreId[],
): Promise<Copy[]> {
  const { deps } = run.ctx;
  const { size, sparse = false } = plan;
  const stores = ids.map((id) => storeOf(deps, id));
  await emitAll(
    run,
    ids.map((id) => ({
      type: "image.prepare",
      imageId: image.id,
      ...(id === null ? {} : { extra: { backend: id } }),
    })),
  );
  let copied = 0;
  run.report({ step: "copying", bytes: 0, total: size });
  const timer = setInterval(() => saveCopied(run, copied).catch(() => {}), MESSAGE_EVERY);
  try {
    const copies = await copyToAll(plan.open, stores, {
      imageId: image.id,
      size,
      sparse,
      algorithm: image.os_hash_algo ?? deps.config.get("DEFAULT.hashing_algorithm"),
      signal: run.signal,
      isLeftOver: async (store) => (await storesWithout(deps, image.id, [store])).length > 0,
      moved: (bytes) => run.report({ bytes: copied = bytes }),
    });
    return await compareAll(image, copies);
  } finally {
    clearInterval(timer);
  }
}

/** The copies, with those taken out that are other data than the image's, or than the first copy. */
async function compareAll(image: ImageRecord, copies: readonly Copy[]): Promise<Copy[]> {
  const known = image.os_hash_value !== null && image.locations.length > 0;
  const first = copies.find((copy) => copy.ok);
  const [size, hash] = known ? [image.size, image.os_hash_value] : [first?.size, first?.digests.hash];
  return await Promise.all(copies.map(async (copy): Promise<Copy> => {
    if (!copy.ok || copy.size === size && copy.digests.hash === hash) return copy;
    await copy.handle.cancel();
    return { store: copy.store, ok: false, error: new Error("The copy is other data than the image.") };
  }));
}

/** Logs and announces the stores that took no data. */
async function report(run: TaskRun, imageId: string, bad: readonly BadCopy[]): Promise<void> {
  for (const { store, error } of bad) {
    await warnIfFull(run.ctx, store, imageId, error);
    log.error(`store ${nameOf(store)} took no data of image ${imageId}`, { error });
  }
  await emitAll(
    run,
    bad.map(({ error }) => ({ type: "image.upload", priority: "ERROR", payload: uploadFailure(error) })),
  );
}

/** Formats may be changed while the image is imported: the data is judged for those that it will be active with. */
async function judgeAgain(
  { ctx }: TaskRun,
  { judge }: WritePlan,
  { id, status }: ImageRecord,
  judged: Judged,
): Promise<Judged> {
  if (status !== "importing" || !judge) return judged;
  const now = await imageById(ctx.deps, id);
  const { disk_format, container_format } = now;
  const same = disk_format === judged.disk_format && container_format === judged.container_format;
  return same ? judged : { disk_format, container_format, virtual_size: await judge(now) };
}

interface CommitOptions {
  judged: Judged;
  /** Stores that are still to do. */
  waiting: readonly StoreId[];
  /** Stores that have failed so far. */
  failed: readonly StoreId[];
}

/**
 * Makes one copy readable and records it in the image, which may become active; `failed` when the store fails at the
 * last, or others have used up the quota meanwhile and the image can do without the copy: the copy is gone then.
 * Errors: not_found, conflict, too_large: the copy is gone; database: only what it says later shows whether the copy
 * is recorded, and it stays.
 */
async function commitOne(
  run: TaskRun,
  { job }: WritePlan,
  image: ImageRecord,
  { handle, size, digests }: GoodCopy,
  { judged, waiting, failed }: CommitOptions,
): Promise<{ image: ImageRecord } | { failed: unknown }> {
  let location: StoredLocation;
  try {
    location = await handle.commit();
  } catch (error) {
    await handle.cancel();
    return { failed: error };
  }
  const first = image.locations.length === 0;
  const importing = image.status === "importing";
  const complete = waiting.length === 0 || !job.mustSucceed;
  const quota = storageSizeQuota(run.ctx, size * (copiesCounted(run.ctx, job, image) + 1));
  const hashes = {
    size,
    checksum: digests.md5,
    os_hash_algo: run.ctx.deps.config.get("DEFAULT.hashing_algorithm"),
    os_hash_value: digests.hash,
  };
  let moved: ImageRecord;
  try {
    moved = await move(run, {
      id: image.id,
      from: importing && job.name !== "copy-image" ? ["importing"] : ["active", "deactivated"],
      to: importing && complete ? "active" : "same",
      data: "uploaded",
      columns: { ...(importing ? judged : {}), ...(first ? hashes : {}) },
      addLocations: [location],
      setProperties: listProperties(waiting, [...failedStores(image), ...(job.mustSucceed ? [] : failed)]),
    }, quota);
  } catch (error) {
    if (!isError(error, "not_found", "conflict", "too_large")) throw error;
    await handle.cancel();
    if (first || job.mustSucceed || !isError(error, "too_large")) throw error;
    return { failed: error };
  }
  await saveCopied(run, size);
  return { image: moved };
}

/** Saves `Copied N MiB` as the task's message (docs/reference/tasks-api.md §5.3). Errors: conflict when the task is not this run's any more. */
async function saveCopied({ ctx, task }: TaskRun, bytes: number): Promise<void> {
  const held = await ctx.deps.db.write.tasks.change({
    id: task.id,
    from: ["processing"],
    status: "processing",
    message: `Copied ${Math.floor(bytes / MIB)} MiB`,
  });
  if (!held) throw lostReason();
}

/** `image.prepare` and `image.upload` of stores (docs/reference/background-jobs.md §7); the write that records a copy has its own. Never throws. */
async function emitAll({ ctx: { deps } }: TaskRun, events: LooseEvent[]): Promise<void> {
  if (!events.some(({ type }) => deps.events.wants(type))) return;
  try {
    await deps.db.write.outbox.record({ events });
  } catch (error) {
    log.warn("events of an import could not be recorded", { error });
  }
}

type Parts = Pick<Deps, "db" | "stores">;

/** Removes data of the image from those stores in which no location names it. Errors: those of stores and database. */
export async function discardFrom(deps: Parts, imageId: string, from: readonly Store[]): Promise<void> {
  for (const store of await storesWithout(deps, imageId, from)) await store.discard(imageId);
}

/**
 * Of `among`, the stores in which no location of the image names data, also none whose deletion is delayed: that
 * belongs to the scrubber. A store that shares its place with another counts as that. Errors: database.
 */
async function storesWithout(
  deps: Parts,
  imageId: string,
  among: readonly Store[],
): Promise<Store[]> {
  const { db, stores } = deps;
  const image = await imageIfAny(deps, imageId);
  const locations = [...image?.locations ?? [], ...await db.read.locations.delayed({ imageId })];
  const covers = (store: Store, url: string) =>
    (store.urlPrefixes ?? [store.urlPrefix]).some((prefix) => prefixLength(url, prefix) > 0);
  return among.filter((store) =>
    !locations.some((location) => stores.forLocation(location) === store || covers(store, location.url))
  );
}
