/** The look-up before every verb on an image (docs/reference/images-api.md §2.0, step 9), and what of it the caller may read. */
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

/** Returns the image without the properties that the caller may not read (docs/reference/policy.md §9.3). */
export async function readable(ctx: Ctx, image: ImageRecord): Promise<ImageRecord> {
  const { protections } = ctx.deps;
  if (!protections.active) return image;
  const names = Object.keys(image.properties);
  const allowed = await Promise.all(
    names.map(async (name) => await protections.allows("read", name, ctx.caller)),
  );
  if (allowed.every(Boolean)) return image;
  const entries = Object.entries(image.properties).filter((_, index) => allowed[index]);
  return { ...image, properties: Object.fromEntries(entries) };
}
