/** PUT /v2/images/{id}/stage (docs/reference/images-api.md §2.7): bytes in, `queued → uploading`. */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { findImage } from "../images/find.ts";
import { ownUrl } from "../images/peer.ts";
import { checkRoom, requireQueued, withTransfer } from "../images/transfer.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner, requireWriter } from "../policy/owner.ts";
import { enforceImageStagingTotal, uploadingQuota } from "../quota/quota.ts";
import { IMAGE_PROPERTY, STAGING_STORE } from "../util/names.ts";

interface StageInput {
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
export async function stageImage(ctx: Ctx, { id, body, size: declared }: StageInput): Promise<void> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  await enforceImageStagingTotal(ctx, declared);
  const image = await findImage(ctx, id);
  await authorizeImage(deps.policy, "modify_image", caller, image);
  requireQueued(image, "uploading");
  requireOwner(caller, image);
  const limit = await uploadingQuota(ctx, image);
  const begin = {
    image,
    to: "uploading",
    store: deps.stores.staging,
    storeId: STAGING_STORE,
    limit,
  } as const;
  await withTransfer(ctx, begin, async (transfer) => {
    const room = await checkRoom(ctx, image.id, declared);
    const { size } = await transfer.receive(body, { declared, room });
    const host = ownUrl(deps.config);
    const kept = await transfer.complete({
      columns: { size },
      ...(host ? { setProperties: { [IMAGE_PROPERTY.stageHost]: host } } : {}),
    });
    if (!kept) fail("not_found", `No image found with ID ${image.id}`);
  });
}
