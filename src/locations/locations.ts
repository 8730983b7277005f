/** /v2/images/{id}/locations (docs/reference/images-api.md §2.10). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { removeCopies } from "../images/delete.ts";
import { passesFilter } from "../images/external_location.ts";
import { findImage } from "../images/find.ts";
import { DIGEST_LENGTHS } from "../images/validation_data.ts";
import { maskUrl } from "../observe/mask.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { ownsImage, requireOwner, requireWriter } from "../policy/owner.ts";
import { workOn } from "../tasks/runner.ts";
import { breakStaleLock, enterTask, startTask } from "../tasks/start.ts";
import type { HashGiven } from "./kind.ts";

/** GET: where the data is, whatever show_multiple_locations says. Errors: not_found, forbidden. */
export async function listLocations(ctx: Ctx, imageId: string) {
  const image = await findImage(ctx, imageId);
  await authorizeImage(ctx.deps.policy, "fetch_image_location", ctx.caller, image);
  return ctx.deps.stores.order(image.locations).map(({ url, metadata }) => ({ url, metadata }));
}

/** POST: accepts the location; a task does the rest. Errors: not_found, conflict, forbidden, bad_request. */
export async function addLocation(
  ctx: Ctx,
  imageId: string,
  url: string,
  validation: HashGiven | null,
): Promise<void> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  const image = await findImage(ctx, imageId);
  if (image.status !== "queued") {
    fail(
      "conflict",
      `Only images with status queued can be targeted with a location; this one is ${image.status}.`,
    );
  }
  await authorizeImage(deps.policy, "add_image_location", caller, image);
  if (!image.disk_format || !image.container_format) {
    fail("conflict", "Properties disk_format, container_format must be set prior to adding a location.");
  }
  const service = caller.roles.includes("service") ||
    caller.serviceRoles.some((role) => role.toLowerCase() === "service");
  if (
    !service && !(url.startsWith("http") && deps.stores.all.some(({ schemes }) => schemes.includes("http")))
  ) {
    fail("forbidden", "http store must be enabled to use location API by normal user.");
  }
  if (validation) checkHash(validation);
  if (!await passesFilter(ctx, url)) {
    fail("bad_request", `URI for add location does not pass filtering: ${maskUrl(url)}`);
  }
  await breakStaleLock(ctx, image);
  const input = { image_id: image.id, loc_url: url, validation_data: validation ?? {} };
  const task = { type: "location_import" as const, input };
  if (ownsImage(caller, image)) return void await startTask(ctx, image, task);
  // Upstream takes the request too; the task says that the image is another's, and does not lock it.
  const run = await enterTask(ctx, { ...task, image_id: image.id }, { imageId: null, lock: false });
  workOn(run!);
}

function checkHash({ os_hash_algo, os_hash_value }: HashGiven): void {
  const length = DIGEST_LENGTHS[os_hash_algo];
  if (os_hash_value.length !== length) {
    fail("bad_request", `os_hash_value of ${os_hash_algo} has ${length} hexadecimal digits.`);
  }
  if (!/^[0-9a-fA-F]+$/.test(os_hash_value)) fail("bad_request", "os_hash_value is not hexadecimal.");
}

/** Takes the copy out of one store. Errors: not_found, conflict, forbidden, internal. */
export async function deleteFromStore(ctx: Ctx, storeId: string, imageId: string): Promise<void> {
  const { deps, caller } = ctx;
  if (!deps.stores.multi) fail("not_found", "Multi backend is not supported at this site.");
  if (!deps.stores.byId(storeId)) {
    fail("conflict", `The selected store ${storeId} is not available on this node.`);
  }
  requireWriter(caller);
  const image = await findImage(ctx, imageId, `Failed to find image ${imageId}`);
  await authorizeImage(deps.policy, "get_image_location", caller, image);
  await authorizeImage(deps.policy, "delete_image_location", caller, image);
  if (image.status !== "active") {
    fail("conflict", `It's not allowed to remove image data from store if image status is not 'active'`);
  }
  if (image.locations.length === 1) {
    fail("forbidden", "Cannot delete image data from the only store containing it.");
  }
  const location = image.locations.find((each) => deps.stores.forLocation(each)?.id === storeId) ??
    fail("not_found", `Image ${imageId} is not stored in store ${storeId}.`);
  requireOwner(caller, image);
  await removeCopies(
    ctx,
    image,
    { locations: [location], added: 0 },
    async (to) =>
      await deps.db.write.locations.drop({ id: imageId, locationId: location.id, to }) ??
        fail("not_found", `Failed to find image ${imageId}`),
  );
}
