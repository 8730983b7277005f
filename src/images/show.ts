/** GET /v2/images/{id} (docs/reference/images-api.md §2.3). */
import type { ImageListQuery, ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorize, authorizedImages, authorizeImage } from "../policy/authorize.ts";
import { listTarget } from "../policy/targets.ts";
import { findImage, readable } from "./find.ts";
import { guessStores } from "./guess_stores.ts";

/** Errors: not_found, also when policy forbids. */
export async function showImage(ctx: Ctx, id: string): Promise<ImageRecord> {
  const image = await findImage(ctx, id);
  await authorizeImage(ctx.deps.policy, "get_image", ctx.caller, image);
  return await readable(ctx, await guessStores(ctx, image));
}

interface ListResult {
  images: ImageRecord[];
  /** Id for the next page's marker, or null when this page was not full. */
  next: string | null;
}

/** One page; rows that `get_image` denies vanish from it. Errors: forbidden, bad_request for an unknown marker. */
export async function listImages(ctx: Ctx, query: Omit<ImageListQuery, "viewer">): Promise<ListResult> {
  const { deps, caller } = ctx;
  await authorize(deps.policy, "get_images", caller, listTarget(caller));
  const viewer = { isAdmin: caller.isAdmin, projectId: caller.projectId };
  if (query.marker !== undefined && !await deps.db.read.images.show({ id: query.marker, viewer })) {
    fail("bad_request", `No image found with ID ${query.marker}`);
  }
  const conditions = await withoutHidden(ctx, query.conditions);
  const rows = query.limit === 0 ? [] : await deps.db.read.images.list({ ...query, conditions, viewer });
  const allowed = await authorizedImages(deps.policy, "get_image", caller, rows);
  const images = deps.protections.active
    ? await Promise.all(allowed.map((row) => readable(ctx, row)))
    : allowed;
  const last = rows.at(-1);
  return { images, next: last && rows.length === query.limit ? last.id : null };
}

/** A filter on a property that the caller may not read matches nothing, so that it reveals nothing. */
async function withoutHidden(ctx: Ctx, conditions: ImageListQuery["conditions"]) {
  if (!ctx.deps.protections.active) return conditions;
  return await Promise.all(conditions.map(async (condition) => {
    if (condition.kind !== "property") return condition;
    const allowed = await ctx.deps.protections.allows("read", condition.name, ctx.caller);
    return allowed ? condition : { kind: "none" as const };
  }));
}
