/** Removing some copies of an image and not others (docs/reference/images-api.md §2.11, §5.6): one always stays. */
import type { ImageRecord, LocationRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { deleteCopies } from "./delete_copies.ts";

export interface Removal {
  locations: readonly LocationRecord[];
  /** Locations that come in their place. */
  added: number;
}

/**
 * Removes the data, unless its deletion is delayed, then records it; meanwhile no other request removes a copy.
 * Errors: not_found, forbidden for the last copy, conflict, those of `deleteCopies`.
 */
export async function removeCopies<T>(
  ctx: Ctx,
  image: ImageRecord,
  { locations, added }: Removal,
  record: (to: "deleted" | "pending_delete") => Promise<T>,
): Promise<T> {
  const { db, config, leases } = ctx.deps;
  const delayed = config.get("DEFAULT.delayed_delete");
  const held = leases.enter("deletion", image.id);
  try {
    const locationIds = locations.map(({ id }) => id);
    const begun = await db.write.deletions.beginCopies({
      id: image.id,
      by: held.lease,
      locationIds,
      added,
      delayed,
    });
    if (begun !== "done") refuse(image.id, begun);
    const now = { token: held.token, locationIds: delayed ? [] : locationIds };
    return await deleteCopies(ctx.deps, image, now, () => record(delayed ? "pending_delete" : "deleted"));
  } finally {
    held.end();
  }
}

function refuse(id: string, why: "busy" | "changed" | "last" | "gone"): never {
  if (why === "gone") fail("not_found", `Failed to find image ${id}`);
  if (why === "last") fail("forbidden", "Cannot delete image data from the only store containing it.");
  return fail("conflict", `Copies of image ${id} are being removed by another request.`);
}
