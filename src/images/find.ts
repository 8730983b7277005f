/** The look-up before every verb on an image (docs/reference/images-api.md §2.0, step 9). */
import { ADMIN_VIEWER, type ImageRecord } from "../../db/records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail } from "../errors.ts";

/** The image, when its row exists for the caller. Errors: not_found with `message` or the usual sentence. */
export async function findImage(ctx: Ctx, id: string, message?: string): Promise<ImageRecord> {
  const viewer = { isAdmin: ctx.caller.isAdmin, projectId: ctx.caller.projectId };
  const image = await ctx.deps.db.read.images.show({ id, viewer });
  return image ?? fail("not_found", message ?? `No image found with ID ${id}`);
}

/** Returns the image without regard to the caller, for tasks. Errors: not_found. */
export async function imageById(deps: Pick<Deps, "db">, id: string): Promise<ImageRecord> {
  return await imageIfAny(deps, id) ?? fail("not_found", `No image found with ID ${id}`);
}

/** As `imageById`; null when the image no longer exists. */
export function imageIfAny({ db }: Pick<Deps, "db">, id: string): Promise<ImageRecord | null> {
  return db.read.images.show({ id, viewer: ADMIN_VIEWER });
}
