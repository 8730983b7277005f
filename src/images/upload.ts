/** PUT /v2/images/{id}/file (spec/images-api.md §2.6.1): bytes in, `queued → saving → active`. */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireWriter } from "../policy/read_only.ts";
import { checkStorageQuota, checkStorageQuotaAfter } from "../quota/storage.ts";
import type { Store, StoredLocation, WriteHandle } from "../stores/store.ts";
import { findImage } from "./find.ts";
import { judgeData } from "./judge_data.ts";
import { checkSizeCap, receive } from "./receive.ts";
import { uploadError } from "./store_errors.ts";

const log = getLog("oneglance.images.upload");

export interface UploadInput {
  id: string;
  /** null when the request has no body at all. */
  body: ReadableStream<Uint8Array> | null;
  /** Declared bytes; null = unknown. */
  size: number | null;
  /** Store id of the request; null = the default. */
  store: string | null;
}

/**
 * Stores the data and makes the image active. On any failure the image is as before and no byte stays.
 * Errors: bad_request, forbidden, not_found, conflict, gone, too_large, unsupported_media_type, unavailable, internal.
 */
export async function uploadImage(ctx: Ctx, input: UploadInput): Promise<void> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  const store = chooseStore(ctx, input.store);
  const image = await findImage(ctx, input.id);
  await authorizeImage(deps.policy, "upload_image", caller, image);
  if (image.status !== "queued") refuseTransition(image.status);
  requireFormats(image);
  const begun = await deps.db.write.transitionImage({ id: image.id, from: ["queued"], to: "saving" });
  if (begun.outcome === "gone") fail("not_found", `No image found with ID ${image.id}`);
  if (begun.outcome === "status") refuseTransition(begun.status);
  const transfer = deps.transfers.begin();
  try {
    await saveData(ctx, input, begun.image, store, transfer.signal);
  } catch (error) {
    throw uploadError(error);
  } finally {
    transfer.end();
  }
}

async function saveData(ctx: Ctx, input: UploadInput, image: ImageRecord, store: Store, stop: AbortSignal) {
  const algorithm = ctx.deps.config.get("DEFAULT.hashing_algorithm");
  let handle: WriteHandle | undefined;
  let location: StoredLocation | undefined;
  try {
    if (input.size !== null) checkSizeCap(ctx, input.size);
    await checkStorageQuota(ctx, image.id, input.size);
    handle = await store.open(image.id, { size: input.size, algorithm });
    const size = await receive(ctx, handle, input.body, input.size, stop);
    const virtual_size = await judgeData(ctx, image, handle, size);
    const digests = await handle.digests();
    if (input.size === null) await checkStorageQuotaAfter(ctx, image.id, size);
    location = await handle.commit();
    await activate(ctx, image.id, location, {
      size,
      virtual_size,
      checksum: digests.md5,
      os_hash_algo: algorithm,
      os_hash_value: digests.hash,
    });
  } catch (error) {
    if (location) await dropData(store, image.id, location);
    else await handle?.cancel();
    await putBack(ctx, image.id);
    throw error;
  }
}

async function activate(ctx: Ctx, id: string, location: StoredLocation, columns: Partial<ImageRecord>) {
  const done = await ctx.deps.db.write.transitionImage({
    id,
    from: ["saving"],
    to: "active",
    columns,
    addLocations: [location],
  });
  if (done.outcome === "done") return;
  fail(
    "gone",
    `Image ${id} could not be found after upload. The image may have been deleted during the upload.`,
  );
}

async function dropData(store: Store, id: string, location: StoredLocation): Promise<void> {
  try {
    await store.delete(location.url);
  } catch (error) {
    log.error(`the data of image ${id} could not be removed from its store`, { error });
  }
}

/** Back to `queued`, unless it was deleted meanwhile. */
async function putBack(ctx: Ctx, id: string): Promise<void> {
  const columns = { size: null, virtual_size: null };
  try {
    await ctx.deps.db.write.transitionImage({ id, from: ["saving"], to: "queued", columns });
  } catch (error) {
    log.error(`image ${id} could not be put back to queued`, { error });
  }
}

function chooseStore(ctx: Ctx, id: string | null): Store {
  const { stores } = ctx.deps;
  if (!stores.multi || id === null) return stores.default;
  return stores.byId(id) ?? fail("bad_request", `Unknown scheme '${id}' found in URI`);
}

/** Errors: bad_request, naming what is missing (§3.2). */
export function requireFormats(image: ImageRecord): void {
  const missing = (["disk_format", "container_format"] as const).filter((name) => !image[name]);
  if (missing.length === 0) return;
  const noun = missing.length > 1 ? "Properties" : "Property";
  fail("bad_request", `${noun} ${missing.join(", ")} must be set prior to saving data.`);
}

function refuseTransition(status: string): never {
  fail("conflict", `Image status transition from ${status} to saving is not allowed`, { close: true });
}
