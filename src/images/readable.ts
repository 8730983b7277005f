/** What of an image the caller may read: property protections (docs/reference/policy.md §9.3). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";

/** The image without the properties that the caller may not read. Does nothing where protections are off. */
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
