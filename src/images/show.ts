/** GET /v2/images/{id} (docs/reference/images-api.md §2.3). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { findImage, readable } from "./find.ts";
import { guessStores } from "./guess_stores.ts";

/** Errors: not_found, also when policy forbids. */
export async function showImage(ctx: Ctx, id: string): Promise<ImageRecord> {
  const image = await findImage(ctx, id);
  await authorizeImage(ctx.deps.policy, "get_image", ctx.caller, image);
  return await readable(ctx, await guessStores(ctx, image));
}
