/** PUT /v2/images/{id}/stage (spec/images-api.md §2.7): bytes in, `queued → uploading`. */
import type { Ctx } from "../deps.ts";
import { fail, GlanceError, isError } from "../errors.ts";
import { findImage } from "../images/find.ts";
import { ownUrl } from "../images/peer.ts";
import { checkSizeCap, receive } from "../images/receive.ts";
import { recoverUpload } from "../images/recover.ts";
import { uploadError, warnIfFull } from "../images/store_errors.ts";
import type { Transfer } from "../images/transfers.ts";
import { getLog } from "../observe/log.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner } from "../policy/owner.ts";
import { requireWriter } from "../policy/read_only.ts";
import { enforceImageStagingTotal, uploadingQuota } from "../quota/unified.ts";
import { checkStorageQuota } from "../quota/storage.ts";
import type { WriteHandle } from "../stores/store.ts";
import { STAGING } from "./staged.ts";

const log = getLog("oneglance.imports.stage");

export interface StageInput {
  id: string;
  body: ReadableStream<Uint8Array>;
  /** Declared bytes; null = unknown. */
  size: number | null;
}

/** Refuses where nothing can be staged. Errors: not_found. */
export function requireStaging({ deps }: Ctx): void {
  if (!deps.config.get("DEFAULT.enabled_import_methods").includes("glance-direct")) {
    fail("not_found", "The import method glance-direct is not enabled.", { close: true });
  }
}

/**
 * Keeps the data until an import takes it. On any failure the image is as before and no byte stays.
 * Errors: bad_request, forbidden, not_found, conflict, too_large, unavailable, internal.
 */
export async function stageImage(ctx: Ctx, input: StageInput): Promise<void> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  await enforceImageStagingTotal(ctx, input.size);
  const image = await findImage(ctx, input.id);
  await authorizeImage(deps.policy, "modify_image", caller, image);
  if (image.status !== "queued") refuseTransition(image.status);
  requireOwner(caller, image);
  const uploading = await uploadingQuota(ctx, image);
  const transfer = deps.transfers.begin(STAGING);
  try {
    const begun = await deps.db.write.transitionImageWithin({
      change: { id: image.id, from: ["queued"], to: "uploading", beginUpload: transfer.lease },
      limit: uploading?.limit ?? null,
    });
    if (begun.outcome === "gone") refuseGone(image.id);
    if (begun.outcome === "status") refuseTransition(begun.status);
    if (begun.outcome === "over") return uploading!.refuse(begun.used);
    await saveStaged(ctx, { ...input, id: image.id }, transfer);
  } catch (error) {
    throw stageError(error);
  } finally {
    transfer.end();
  }
}

function stageError(error: unknown): unknown {
  const options = { cause: error, close: true };
  if (isError(error, "store_duplicate")) return new GlanceError("conflict", error.message, options);
  if (isError(error, "store_add_disabled")) {
    return new GlanceError("unavailable", "The staging area takes no data.", options);
  }
  return uploadError(error);
}

async function saveStaged(ctx: Ctx, { id, body, size: declared }: StageInput, transfer: Transfer) {
  const { db, stores, config } = ctx.deps;
  const { token } = transfer.lease;
  let handle: WriteHandle | undefined;
  let unsure = false;
  try {
    if (declared !== null) checkSizeCap(ctx, declared);
    const room = await checkStorageQuota(ctx, id, declared);
    handle = await stores.staging.open(id, {
      size: declared,
      algorithm: config.get("DEFAULT.hashing_algorithm"),
    });
    const size = await receive(ctx, handle, body, declared, transfer.signal, { room });
    await handle.commit();
    unsure = true;
    const host = ownUrl(config);
    const done = await db.write.transitionImage({
      id,
      from: ["uploading"],
      to: "same",
      columns: { size },
      ...(host ? { setProperties: { os_glance_stage_host: host } } : {}),
      endUpload: token,
    });
    unsure = false;
    if (done.outcome !== "done") refuseGone(id);
  } catch (error) {
    if (unsure) await recoverUpload(ctx.deps, { ...transfer.lease, image_id: id });
    else {
      await warnIfFull(ctx, stores.staging, id, error);
      await handle?.cancel();
      await db.write.cancelUpload({ token }).catch((cause) => {
        log.error(`image ${id} could not be put back to queued yet`, { error: cause, repeated: "put back" });
      });
    }
    throw error;
  }
}

function refuseGone(id: string): never {
  fail("not_found", `No image found with ID ${id}`, { close: true });
}

function refuseTransition(status: string): never {
  fail("conflict", `Image status transition from ${status} to uploading is not allowed`, { close: true });
}
