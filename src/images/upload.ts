/** PUT /v2/images/{id}/file (docs/reference/images-api.md §2.6.1): bytes in, `queued → saving → active`. */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { inspect, judge } from "../formats/inspect.ts";
import { getLog } from "../observe/log.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner, requireWriter } from "../policy/owner.ts";
import { enforceImageSizeTotal, storageSizeQuota, uploadingQuota } from "../quota/quota.ts";
import { signatureVerifier } from "../signatures/verifier.ts";
import type { Store, WriteHandle } from "../stores/store.ts";
import { findImage } from "./find.ts";
import { checkRoom, requireQueued, withTransfer } from "./transfer.ts";

interface UploadInput {
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
  const declared = input.size;
  const sizeQuota = await enforceImageSizeTotal(ctx, declared);
  const store = chooseStore(ctx, input.store);
  const image = await findImage(ctx, input.id);
  await authorizeImage(deps.policy, "upload_image", caller, image);
  requireQueued(image, "saving");
  requireFormats(image);
  requireOwner(caller, image);
  const limit = await uploadingQuota(ctx, image);
  const begin = { image, to: "saving", store, storeId: store.id, limit } as const;
  await withTransfer(ctx, begin, async (transfer) => {
    const algorithm = deps.config.get("DEFAULT.hashing_algorithm");
    const room = await checkRoom(ctx, image.id, declared);
    const verifier = await signatureVerifier(ctx, transfer.image);
    const body = verifier ? verifier.watch(input.body, algorithm) : input.body;
    const { size, handle } = await transfer.receive(body, { declared, room });
    const virtual_size = await judgeData(ctx, transfer.image, handle, size);
    const { md5: checksum, hash: os_hash_value } = await handle.digests();
    await verifier?.check(os_hash_value);
    const columns = { size, virtual_size, checksum, os_hash_algo: algorithm, os_hash_value };
    const kept = await transfer.complete({ columns, limit: sizeQuota ?? storageSizeQuota(ctx, size) });
    if (!kept) refuseLate(image.id);
  });
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

const log = getLog("oneglance.images.formats");

/**
 * Inspects data before it is committed (docs/reference/background-jobs.md §8). Returns its virtual size in bytes, or
 * null where it is not known.
 * Errors: unsupported_media_type when it is not what the image declares, or unsafe.
 */
export async function judgeData(
  ctx: Ctx,
  image: ImageRecord,
  handle: Pick<WriteHandle, "peek">,
  size: number,
): Promise<number | null> {
  if (image.container_format !== "bare") return null;
  const { config } = ctx.deps;
  const inspection = await inspect((offset, length) => handle.peek(offset, length), { size });
  const verdict = judge({
    diskFormat: image.disk_format ?? "",
    containerFormat: image.container_format,
    inspection,
    options: {
      requireMatch: config.get("image_format.require_image_format_match"),
      gptNonfatal: config.get("image_format.gpt_safety_checks_nonfatal"),
    },
  });
  if (!verdict.ok) {
    for (const failure of verdict.failures) {
      log.warn(`image ${image.id}: ${failure.check}: ${failure.reason}`);
    }
    fail(verdict.code, verdict.message, { form: "detail" });
  }
  if (verdict.warning !== null) log.warn(`image ${image.id}: ${verdict.warning}`);
  return verdict.virtualSize;
}
