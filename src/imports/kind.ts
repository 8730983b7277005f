/** The task behind an import: its steps, what each leaves and how it is undone (docs/reference/background-jobs.md §4.1, docs/reference/images-api.md §2.8.3). */
import type {
  ImageColumns,
  ImageRecord,
  ImageStatus,
  ImageTransition,
  LocationRecord,
} from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { deletionEnded } from "../images/delete.ts";
import { imageById, imageIfAny } from "../images/find.ts";
import { getLog } from "../observe/log.ts";
import {
  checkStorageQuota,
  enforceImageCountUploading,
  enforceImageSizeTotal,
  enforceImageStagingTotal,
} from "../quota/quota.ts";
import type { StoreId } from "../stores/store.ts";
import { BrokenOff, MAX_RUNS, StepFailed, type TaskKind, type TaskRun } from "../tasks/runner.ts";
import { fetchSource } from "./fetch_source.ts";
import { openRemoteData, readRemote } from "./glance_source.ts";
import {
  copiesCounted,
  failedStores,
  IMPORT_STATUSES,
  type ImportJob,
  isWhole,
  jobOf,
  listProperties,
  locationIn,
  type MethodName,
  move,
  storeOf,
  without,
} from "./job.ts";
import { pluginNames, runPlugins } from "./plugins/run.ts";
import {
  type ImportAdded,
  type ImportInput,
  type ImportStep,
  inspectStep,
  stageStep,
  unstageStep,
  verifyStep,
  writeMissing,
  writeStep,
} from "./steps.ts";
import { discardFrom } from "./write_stores.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";

const log = getLog("oneglance.imports");

const FROM: Record<MethodName, ImageStatus[]> = {
  "glance-direct": ["uploading", "importing"],
  "web-download": ["queued", "importing"],
  "glance-download": ["queued", "importing"],
  "copy-image": ["active", "deactivated"],
};

/** Leaves the image `importing`, with its lists filled, and within the limits. A copy leaves the status as it is. */
const beginStep: ImportStep = {
  name: "begin",
  async run(run, { job, imageId }) {
    const { deps } = run.ctx;
    const found = await imageById(deps, imageId);
    const stores = storesLeft(deps, job, found, run.past !== null);
    const image = await takeImage(run, job, found, stores);
    // Data that an earlier run wrote and did not record would be in the way.
    if (run.past) await discardFrom(deps, imageId, stores.map((id) => storeOf(deps, id)));
    if (job.name === "glance-direct") await enforceImageSizeTotal(run.ctx, found.size);
    else await enforceImageStagingTotal(run.ctx, job.name === "copy-image" ? found.size : null);
    await enforceImageCountUploading(run.ctx);
    if (job.name === "copy-image") return { image, stores, blamed: stores };
    // Before it is known what there is to download, no store has failed.
    if (job.name === "glance-download") return { image, stores, blamed: [] };
    if (job.name === "glance-direct") return { image, stores, blamed: job.stores };
    const source = { uri: job.method.uri, what: "URI for web-download" } as const;
    const open = (signal: AbortSignal) => fetchSource(deps, source, signal);
    return { image, stores, blamed: job.stores, open };
  },
  undo: putBack,
};

/** Errors: conflict, when the image is not in a status for the import: then it is not touched; not_found. */
async function takeImage(
  run: TaskRun,
  job: ImportJob,
  image: ImageRecord,
  stores: readonly StoreId[],
): Promise<ImageRecord> {
  // An earlier run may have made it active with its first store.
  const whole = run.past !== null && isWhole(image);
  const failed = failedStores(image).filter((id) => !stores.includes(id));
  try {
    return await move(run, {
      id: image.id,
      from: whole ? [image.status] : FROM[job.name],
      to: whole || job.name === "copy-image" ? "same" : "importing",
      setProperties: listProperties(stores, failed),
      removeProperties: [IMAGE_PROPERTY.stageHost],
    });
  } catch (error) {
    const begun = run.past !== null && !run.past.untouched || !isError(error, "conflict");
    throw new StepFailed<ImportAdded>(error, {}, { begun });
  }
}

/**
 * Stores that do not have the data. Those that an earlier run found to fail are left out while another has it: with
 * none, that run was putting the image back, and everything is to do.
 */
function storesLeft(
  deps: Pick<Deps, "stores">,
  job: ImportJob,
  image: ImageRecord,
  resumed: boolean,
): StoreId[] {
  const left = without(deps, image, job.stores);
  if (!resumed || left.length === job.stores.length) return left;
  const failed = failedStores(image);
  return left.filter((id) => id === null || !failed.includes(id));
}

/** Leaves the attributes of the other service's image in ours, and what they were with the lease. */
const remoteStep: ImportStep = {
  name: "remote",
  when: hasStoresLeft,
  async run(run, { job, image }) {
    const { remote, ...changes } = await readRemote(run, job);
    return {
      image: await change(run, image, changes),
      blamed: job.stores,
      open: (signal) => openRemoteData({ ...run, signal }, remote),
    };
  },
};

/** Leaves the data and the attributes as the plugins made them, and what the attributes were with the lease. */
const pluginsStep: ImportStep = {
  name: "plugins",
  async run(run, { job, image, path: staged }) {
    const { ctx, signal, report } = run;
    report({ step: "plugins" });
    const { path, ...changes } = await runPlugins({
      ctx,
      image,
      path: staged,
      copies: job.stores.length,
      signal,
      progress: (text) => report({ step: text.slice(0, 30) }),
    });
    return { image: await change(run, image, changes), path };
  },
};

/** Leaves further copies of an image's data, and a location of each. */
const copyStep: ImportStep = {
  name: "copy",
  when: hasStoresLeft,
  async run(run, state) {
    const { deps } = run.ctx;
    const { job, image, stores } = state;
    const { id, size } = image;
    await checkStorageQuota(run.ctx, id, size, copiesCounted(run.ctx, job, image) + stores.length);
    let last: unknown;
    for (const location of copySources(deps, image)) {
      const source = deps.stores.forLocation(location) ?? fail("store_not_found");
      const open = async () => (await source.read(location.url)).body;
      try {
        return await writeMissing(run, state, { size, judged: image, open });
      } catch (error) {
        // A store that refuses would do so again; a source that breaks off has neighbours.
        if (run.signal.aborted || !(error instanceof StepFailed) || error.added.tried?.length > 0) {
          throw error;
        }
        log.warn(`location ${location.id} of image ${id} cannot be copied from`, { error: error.cause });
        last = error.cause;
      }
    }
    throw last ?? fail("not_found", "Image not found in any configured store");
  },
  undo: writeStep.undo!,
};

/** The locations to copy from, that of the default store first. */
function copySources({ stores }: Pick<Deps, "stores">, image: ImageRecord): LocationRecord[] {
  const ordered = stores.order(image.locations).filter((location) => stores.forLocation(location) !== null);
  const first = ordered.filter((location) => stores.forLocation(location) === stores.default);
  return [...first, ...ordered.filter((location) => !first.includes(location))];
}

/** False after a run that recorded the data in every store and died. */
function hasStoresLeft(_run: TaskRun, { stores }: Pick<ImportAdded, "stores">): boolean {
  return stores.length > 0;
}

const BRING: readonly ImportStep[] = [stageStep, pluginsStep, inspectStep, verifyStep, writeStep]
  .map((step) => ({ ...step, when: hasStoresLeft }));

const STEPS: Record<MethodName, readonly ImportStep[]> = {
  "glance-direct": [beginStep, ...BRING, unstageStep],
  "web-download": [beginStep, ...BRING, unstageStep],
  "glance-download": [beginStep, remoteStep, ...BRING, unstageStep],
  "copy-image": [beginStep, copyStep],
};

/** The task type `api_image_import`. */
export const importKind: TaskKind<ImportInput, ImportAdded> = {
  type: "api_image_import",
  noun: "import",
  makesImage: false,
  parse({ task }) {
    const job = jobOf(task);
    return { job, imageId: job.imageId };
  },
  steps: ({ job }) => STEPS[job.name],
  async onTakeover({ ctx: { deps } }, { job, imageId }, { runs, untouched, before }) {
    const image = await imageIfAny(deps, imageId);
    // An earlier run did everything except end the task.
    if (image && isWhole(image) && storesLeft(deps, job, image, true).length === 0) return "resume";
    // A glance-download needs the caller's token, which is not kept; plugins change the staged data.
    const repeatable = job.name === "copy-image" ||
      job.name !== "glance-download" &&
        (untouched || pluginNames(deps.config).length === 0 || image?.status === "uploading");
    return repeatable && before === null && runs <= MAX_RUNS ? "resume" : "undo";
  },
};

interface Attributes {
  columns: Partial<Omit<ImageColumns, "status">>;
  /** null: there was none. */
  properties: Record<string, string | null>;
}

/** Sets attributes that the import brings along; the lease keeps what they were first. Errors: not_found, conflict. */
async function change(
  run: TaskRun,
  image: ImageRecord,
  { columns, setProperties }: Pick<Attributes, "columns"> & { setProperties: Record<string, string> },
): Promise<ImageRecord> {
  if (Object.keys(columns).length === 0 && Object.keys(setProperties).length === 0) return image;
  const before = await attributesBefore(run);
  const were = Object.keys(columns).map((name) => [name, image[name as keyof ImageColumns]]);
  const had = Object.keys(setProperties).map((name) => [name, image.properties[name] ?? null]);
  const taskBefore = JSON.stringify({
    columns: { ...Object.fromEntries(were), ...before.columns },
    properties: { ...Object.fromEntries(had), ...before.properties },
  });
  return await move(run, {
    id: image.id,
    from: ["importing"],
    to: "same",
    columns,
    setProperties,
    taskBefore,
  });
}

/** The attributes that `change` has set, as they were before the task. */
async function attributesBefore({ ctx, task }: TaskRun): Promise<Attributes> {
  const [lease] = await ctx.deps.db.read.tasks.leases({ taskIds: [task.id] });
  return lease?.before ? JSON.parse(lease.before) : { columns: {}, properties: {} };
}

/** Makes the image's row what it was before the import, except that failed stores are named. */
async function putBack(
  run: TaskRun,
  input: ImportInput & Partial<ImportAdded>,
  cause: unknown,
): Promise<void> {
  const { deps } = run.ctx;
  await deletionEnded(deps, input.imageId);
  const image = await imageIfAny(deps, input.imageId);
  if (!image) return;
  const failed = [...failedStores(image), ...failedOf(deps, input, cause)];
  await move(run, await changeBack(run, input.job, image, failed)).catch((error) => {
    // Deleted just now: then what is left to do is the same as for an image that is gone.
    if (!isError(error, "not_found")) throw error;
  });
}

async function changeBack(
  run: TaskRun,
  job: ImportJob,
  image: ImageRecord,
  failed: StoreId[],
): Promise<ImageTransition> {
  const { deps } = run.ctx;
  const { id, status } = image;
  const added = job.stores.flatMap((store) => locationIn(deps, image, store)?.id ?? []);
  if (job.name === "copy-image") {
    // The copies that were there before may have been removed meanwhile: then these are all the data there is.
    const dropLocationIds = added.length === image.locations.length ? [] : added;
    const setProperties = listProperties([], failed);
    return { id, from: [...IMPORT_STATUSES], to: "same", dropLocationIds, setProperties };
  }
  if (isWhole(image)) {
    // Its first store made it active, and users may have it: it stays, without the stores that are missing.
    const missing = without(deps, image, job.stores);
    const setProperties = listProperties([], [...failedStores(image), ...missing]);
    return { id, from: [status], to: "same", setProperties };
  }
  const { columns, properties } = await attributesBefore(run);
  const had = Object.entries(properties);
  return {
    id,
    from: [...IMPORT_STATUSES],
    to: "queued",
    dropLocationIds: added,
    columns: {
      ...columns,
      size: null,
      virtual_size: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
    },
    setProperties: {
      ...Object.fromEntries(had.filter((each): each is [string, string] => each[1] !== null)),
      ...listProperties([], failed),
    },
    removeProperties: [
      IMAGE_PROPERTY.stageHost,
      ...had.filter(([, value]) => value === null).map(([name]) => name),
    ],
  };
}

/** The stores to name as failed: all that the import has, where the failure of one fails all. */
function failedOf(
  { config }: Pick<Deps, "config">,
  { job, blamed = [], tried = [] }: ImportInput & Partial<ImportAdded>,
  cause: unknown,
): readonly StoreId[] {
  // Clients see by this list that the import failed.
  if (cause instanceof BrokenOff) return job.stores;
  if (job.name === "web-download" || job.name === "glance-download" || !job.mustSucceed) return blamed;
  // Stores that are written together fail together.
  const together = job.name !== "copy-image" && config.get("image_import_opts.max_parallel_stores") > 1;
  if (together) return blamed;
  return tried.length > 0 ? tried : blamed.slice(0, 1);
}
