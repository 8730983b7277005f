/** Puts the data of an import into its stores, several in one read, and records each (spec/images-api.md §2.8.3). */
import type { ImageColumns, ImageRecord } from "../../db/records.ts";
import { isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { storageSizeQuota } from "../quota/storage.ts";
import type { TaskRun } from "../tasks/start.ts";
import { imageById } from "../images/find.ts";
import { warnIfFull } from "../images/store_errors.ts";
import { nameOf, type StoredLocation } from "../stores/store.ts";
import { storesWithout } from "./discard.ts";
import { copiesCounted, type ImportJob, storeOf } from "./job.ts";
import { failedStores, listProperties } from "./lists.ts";
import { IMPORT_STATUSES, move } from "./move.ts";
import { startProgress, tellCopied } from "./progress.ts";
import { tellFailed, tellPrepare } from "./tell_stores.ts";
import { type Copy, writeCopies } from "./write_copies.ts";

const log = getLog("oneglance.imports");

type Formats = Partial<Pick<ImageColumns, "disk_format" | "container_format">>;

/** Reads the whole data once more. */
export type OpenData = () => Promise<ReadableStream<Uint8Array>>;

export interface Writing {
  image: ImageRecord;
  stores: (string | null)[];
  /** Bytes that will come; null = unknown. */
  size: number | null;
  virtual_size: number | null;
  /** Whether the data has holes, which the copies keep. */
  sparse?: boolean;
  open: OpenData;
  /** Judges the data for the formats of an image and gives its virtual size; not needed where it was an image's before. */
  judge?: (image: ImageRecord) => Promise<number | null>;
  /** Stores that did not take the data; the caller looks when this throws. */
  failed: (string | null)[];
}

/** Errors: that of a store when all must take the data or none did; those of the source; not_found, conflict. */
export async function writeStores(run: TaskRun, job: ImportJob, writing: Writing): Promise<void> {
  const left = [...writing.stores];
  let image = writing.image;
  let last: unknown;
  while (left.length > 0) {
    const batch = left.splice(0, batchSize(run, left.length));
    const copies = await writeBatch(run, writing, image, batch);
    // A store's failure counts from here on; the data of the others is written but nowhere readable yet.
    const bad = copies.filter(({ error }) => error !== undefined);
    await noteFailed(run, writing, bad);
    last = bad[0]?.error ?? last;
    if (bad.length > 0 && job.mustSucceed) {
      await cancelAll(copies);
      throw last;
    }
    const good = copies.filter(({ error }) => error === undefined);
    while (good.length > 0) {
      const copy = good.shift()!;
      const waiting = [...good.map(({ store }) => store.id), ...left];
      try {
        const recorded = await record(run, job, writing, image, copy, waiting);
        if (recorded) image = recorded;
        else {
          last = copy.error;
          await noteFailed(run, writing, [copy]);
          if (job.mustSucceed) throw last;
        }
      } catch (error) {
        await cancelAll(good);
        throw error;
      }
    }
  }
  if (writing.failed.length === writing.stores.length && writing.stores.length > 0) throw last;
  if (writing.failed.length > 0) {
    const failed = [...failedStores(image), ...writing.failed];
    const setProperties = listProperties([], failed);
    await move(run, { id: image.id, from: [...IMPORT_STATUSES], to: "same", setProperties });
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
  writing: Writing,
  image: ImageRecord,
  ids: (string | null)[],
): Promise<Copy[]> {
  const { deps } = run.ctx;
  const stores = ids.map((id) => storeOf(deps, id));
  await tellPrepare(run, image.id, ids);
  const end = startProgress(run, writing.size);
  try {
    const copies = await writeCopies(await writing.open(), stores, {
      imageId: image.id,
      size: writing.size,
      sparse: writing.sparse ?? false,
      algorithm: image.os_hash_algo ?? deps.config.get("DEFAULT.hashing_algorithm"),
      signal: run.signal,
      isLeftOver: async (store) => (await storesWithout(deps, image.id, [store])).length > 0,
      moved: (bytes) => run.progress.bytes = bytes,
    });
    for (const copy of copies) await compare(image, copies, copy);
    return copies;
  } finally {
    end();
  }
}

/** Every copy must be the same data as the first. */
async function compare(image: ImageRecord, copies: Copy[], copy: Copy): Promise<void> {
  if (copy.error !== undefined) return;
  const first = copies.find(({ error }) => error === undefined)!;
  const known = image.os_hash_value !== null && image.locations.length > 0;
  const same = copy.size === first.size && copy.digests!.hash === first.digests!.hash &&
    (!known || copy.size === image.size && copy.digests!.hash === image.os_hash_value);
  if (same) return;
  copy.error = new Error("The copy is other data than the image.");
  await copy.handle?.cancel();
}

async function noteFailed(run: TaskRun, writing: Writing, copies: Copy[]): Promise<void> {
  const { id } = writing.image;
  for (const { store, error } of copies) {
    await warnIfFull(run.ctx, store, id, error);
    log.error(`store ${nameOf(store)} took no data of image ${id}`, { error });
  }
  writing.failed.push(...copies.map(({ store }) => store.id));
  await tellFailed(run, copies.map(({ error }) => error));
}

/** Formats may be changed while the image is imported: the data is judged for those that it will be active with. */
async function judgeAgain({ ctx }: TaskRun, writing: Writing, image: ImageRecord): Promise<Formats> {
  if (image.status !== "importing" || !writing.judge) return {};
  const now = await imageById(ctx.deps, image.id);
  const { disk_format, container_format } = now;
  const same = disk_format === writing.image.disk_format &&
    container_format === writing.image.container_format;
  if (!same) {
    writing.virtual_size = await writing.judge(now);
    writing.image = now;
  }
  return { disk_format, container_format };
}

/** Makes a copy readable; null, and `error` in the copy, when the store fails at the last. */
async function commit(copy: Copy): Promise<StoredLocation | null> {
  try {
    return await copy.handle!.commit();
  } catch (error) {
    copy.error = error;
    await copy.handle!.cancel();
    return null;
  }
}

/** Makes one copy readable and says so in the image, which may become active; null when the store failed. */
async function record(
  run: TaskRun,
  job: ImportJob,
  writing: Writing,
  image: ImageRecord,
  copy: Copy,
  waiting: (string | null)[],
): Promise<ImageRecord | null> {
  const { store, handle, size, digests } = copy;
  const formats = await judgeAgain(run, writing, image).catch(async (error) => {
    await handle!.cancel();
    throw error;
  });
  const location = await commit(copy);
  if (!location) return null;
  const first = image.locations.length === 0;
  const complete = waiting.length === 0 || !job.mustSucceed;
  const columns: Partial<Omit<ImageColumns, "status">> = first
    ? {
      ...formats,
      size,
      virtual_size: writing.virtual_size,
      checksum: digests!.md5,
      os_hash_algo: run.ctx.deps.config.get("DEFAULT.hashing_algorithm"),
      os_hash_value: digests!.hash,
    }
    : image.status === "importing"
    ? { ...formats, virtual_size: writing.virtual_size }
    : {};
  const failed = [...failedStores(image), ...(job.mustSucceed ? [] : writing.failed)];
  const quota = storageSizeQuota(run.ctx, size * (copiesCounted(run.ctx, job, image) + 1));
  let unsure = true;
  try {
    const to = image.status === "importing" && complete ? "active" : "same";
    const moved = await move(run, {
      id: image.id,
      from: job.name === "copy-image" || image.status !== "importing"
        ? ["active", "deactivated"]
        : ["importing"],
      to,
      data: "uploaded",
      columns,
      addLocations: [location],
      setProperties: listProperties(waiting, failed),
    }, quota).catch((error) => {
      unsure = isUnsure(error);
      throw error;
    });
    await tellCopied(run, size);
    return moved;
  } catch (error) {
    // Where the database did not answer, only what it says later tells whether the data may go.
    if (!unsure) await handle!.cancel();
    if (isError(error, "too_large") && !first && !job.mustSucceed) {
      // Others have used up the quota meanwhile: the copies that fitted stay.
      copy.error = error;
      return null;
    }
    if (store.id !== null && !writing.failed.includes(store.id)) writing.failed.push(store.id);
    throw error;
  }
}

function isUnsure(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return !["not_found", "conflict", "too_large"].includes(code ?? "");
}

async function cancelAll(copies: Copy[]): Promise<void> {
  for (const { handle } of copies) await handle?.cancel();
}
