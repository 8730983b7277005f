/** DELETE /v2/images/{id} (docs/reference/images-api.md §8). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { ownsImage } from "../policy/owner.ts";
import { requireWriter } from "../policy/read_only.ts";
import { deleteData, removeStaged } from "./delete_data.ts";
import { findImage } from "./find.ts";
import { askPeer, type Incoming, peerOf } from "./peer.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";

const log = getLog("oneglance.images.delete");

/**
 * Takes the image out of sight, deletes its data, then its record; a store that refuses brings it back. With
 * delayed_delete it is only marked. Errors: not_found, forbidden, conflict, internal; those of `askPeer`.
 */
export async function deleteImage(ctx: Ctx, id: string, asked: Incoming): Promise<void> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  const message = `Failed to find image ${id} to delete`;
  const image = await findImage(ctx, id, message);
  await authorizeImage(deps.policy, "delete_image", caller, image);
  if (image.protected) fail("forbidden", `Image ${id} is protected and cannot be deleted.`);
  if (!ownsImage(caller, image)) fail("not_found", message);
  if (await isDeletedByPeer(ctx, image, asked)) return;
  deps.background.cancel(id);
  if (deps.config.get("DEFAULT.delayed_delete") && image.locations.length > 0) {
    const done = await deps.db.write.images.delete({ id, to: "pending_delete" });
    if (done.outcome !== "done") fail("not_found", message);
    return await removeStaged(deps, image);
  }
  const held = deps.leases.enter("deletion", id);
  try {
    const begun = await deps.db.write.deletions.begin({ id, by: held.lease });
    if (begun.outcome === "gone") fail("not_found", message);
    await deleteData(deps, begun.image, held.token);
  } finally {
    held.end();
  }
}

/** Whether the worker that has the staged data has deleted the image; one that cannot be reached is not waited for. */
async function isDeletedByPeer(ctx: Ctx, image: ImageRecord, asked: Incoming): Promise<boolean> {
  const peer = peerOf(ctx.deps.config, image, [IMAGE_PROPERTY.stageHost, IMAGE_PROPERTY.hashHost]);
  if (peer === null || asked.forwarded) return false;
  try {
    await askPeer(ctx, peer, asked);
    return true;
  } catch (error) {
    if (!isError(error, "bad_gateway", "gateway_timeout")) throw error;
    log.warn(`worker ${peer} cannot be reached; image ${image.id} is deleted here`, { error });
    return false;
  }
}
