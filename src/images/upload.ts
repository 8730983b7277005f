/** PUT /v2/images/{id}/file (spec/images-api.md §2.6.1): bytes in, `queued → saving → active`. */
import type { ImageRecord, OverLimit, TransitionResult } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { tell } from "../notify/telling.ts";
import { uploadFailedEvent } from "../notify/told_by_writes.ts";
import { getLog } from "../observe/log.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner } from "../policy/owner.ts";
import { requireWriter } from "../policy/read_only.ts";
import type { Quota } from "../quota/quota.ts";
import { checkStorageQuota, storageSizeQuota } from "../quota/storage.ts";
import { enforceImageSizeTotal, uploadingQuota } from "../quota/unified.ts";
import { signatureVerifier } from "../signatures/verifier.ts";
import type { Store, StoredLocation, WriteHandle } from "../stores/store.ts";
import { findImage } from "./find.ts";
import { judgeData } from "./judge_data.ts";
import { checkSizeCap, receive } from "./receive.ts";
import { recoverUpload } from "./recover.ts";
import { uploadError, warnIfFull } from "./store_errors.ts";
import type { Transfer } from "./transfers.ts";

const log = getLog("oneglance.images.upload");

export interface UploadInput {
  id: string;
  body: ReadableStream<Uint8Array>;
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
  const sizeQuota = await enforceImageSizeTotal(ctx, input.size);
  const store = chooseStore(ctx, input.store);
  const image = await findImage(ctx, input.id);
  await authorizeImage(deps.policy, "upload_image", caller, image);
  if (image.status !== "queued") refuseTransition(image.status);
  requireFormats(image);
  requireOwner(caller, image);
  const uploading = await uploadingQuota(ctx, image);
  const transfer = deps.transfers.begin(store.id);
  try {
    const begun = await deps.db.write.transitionImageWithin({
      change: { id: image.id, from: ["queued"], to: "saving", beginUpload: transfer.lease },
      limit: uploading?.limit ?? null,
    });
    if (begun.outcome === "gone") fail("not_found", `No image found with ID ${image.id}`);
    if (begun.outcome === "status") refuseTransition(begun.status);
    if (begun.outcome === "over") return uploading!.refuse(begun.used);
    await saveData(ctx, input, begun.image, store, transfer, sizeQuota);
  } catch (error) {
    throw uploadError(error);
  } finally {
    transfer.end();
  }
}

async function saveData(
  ctx: Ctx,
  input: UploadInput,
  image: ImageRecord,
  store: Store,
  transfer: Transfer,
  sizeQuota: Quota | null,
): Promise<void> {
  const algorithm = ctx.deps.config.get("DEFAULT.hashing_algorithm");
  let handle: WriteHandle | undefined;
  let unsure = false;
  try {
    if (input.size !== null) checkSizeCap(ctx, input.size);
    const room = await checkStorageQuota(ctx, image.id, input.size);
    const verifier = await signatureVerifier(ctx, image);
    const body = verifier ? verifier.watch(input.body, algorithm) : input.body;
    handle = await store.open(image.id, { size: input.size, algorithm });
    const size = await receive(ctx, handle, body, input.size, transfer.signal, { room });
    const virtual_size = await judgeData(ctx, image, handle, size);
    const digests = await handle.digests();
    await verifier?.check(digests.hash);
    const location = await handle.commit();
    const quota = sizeQuota ?? storageSizeQuota(ctx, size);
    const columns = {
      size,
      virtual_size,
      checksum: digests.md5,
      os_hash_algo: algorithm,
      os_hash_value: digests.hash,
    };
    unsure = true;
    const result = await activate(ctx, image.id, transfer.lease.token, location, columns, quota);
    unsure = false;
    if (result.outcome === "over") quota!.refuse(result.used);
    if (result.outcome !== "done") refuseLate(image.id);
  } catch (error) {
    if (unsure) await recoverUpload(ctx.deps, { ...transfer.lease, image_id: image.id });
    else {
      await warnIfFull(ctx, store, image.id, error);
      await handle?.cancel();
      await putBack(ctx, image.id, transfer.lease.token, uploadError(error));
    }
    throw error;
  }
}

/** When this throws, the database alone knows what it did: then only the lease says whether the data may go. */
async function activate(
  ctx: Ctx,
  id: string,
  token: string,
  location: StoredLocation,
  columns: Partial<ImageRecord>,
  quota: Quota | null,
): Promise<TransitionResult | OverLimit> {
  return await ctx.deps.db.write.transitionImageWithin({
    change: { id, from: ["saving"], to: "active", columns, addLocations: [location], endUpload: token },
    limit: quota?.limit ?? null,
  });
}

/** Back to `queued`, unless it was deleted meanwhile. */
async function putBack(ctx: Ctx, id: string, token: string, why: unknown): Promise<void> {
  try {
    await tell(ctx.deps, uploadFailedEvent(why)).cancelUpload({ token });
  } catch (error) {
    log.error(`image ${id} could not be put back to queued yet`, { error, repeated: "put back" });
  }
}

function chooseStore(ctx: Ctx, id: string | null): Store {
  const { stores } = ctx.deps;
  if (!stores.multi || id === null) return stores.default;
  return stores.byId(id) ?? fail("bad_request", `Unknown scheme '${id}' found in URI`);
}

/** Errors: bad_request, naming what is missing (§3.2). */
export function requireFormats(image: Partial<Pick<ImageRecord, "disk_format" | "container_format">>): void {
  const missing = (["disk_format", "container_format"] as const).filter((name) => !image[name]);
  if (missing.length === 0) return;
  const noun = missing.length > 1 ? "Properties" : "Property";
  fail("bad_request", `${noun} ${missing.join(", ")} must be set prior to saving data.`);
}

function refuseLate(id: string): never {
  fail(
    "gone",
    `Image ${id} could not be found after upload. The image may have been deleted during the upload.`,
  );
}

function refuseTransition(status: string): never {
  fail("conflict", `Image status transition from ${status} to saving is not allowed`, { close: true });
}
