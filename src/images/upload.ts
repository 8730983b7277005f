/** PUT /v2/images/{id}/file (docs/reference/images-api.md §2.6.1): bytes in, `queued → saving → active`. */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner } from "../policy/owner.ts";
import { requireWriter } from "../policy/read_only.ts";
import { storageSizeQuota } from "../quota/storage.ts";
import { enforceImageSizeTotal, uploadingQuota } from "../quota/unified.ts";
import { signatureVerifier } from "../signatures/verifier.ts";
import type { Store } from "../stores/store.ts";
import { findImage } from "./find.ts";
import { judgeData } from "./judge_data.ts";
import { checkRoom } from "./receive.ts";
import { requireQueued, withTransfer } from "./transfer.ts";

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
