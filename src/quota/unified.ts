/**
 * What unified limits allow (spec/images-api.md §3.9). They are soft: what is not known yet counts as nothing, so
 * the image that passes a limit is taken and the next one refused. All of it does nothing without
 * `use_keystone_limits`. Errors of all: too_large, unavailable.
 */
import type { UsageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Quota } from "./quota.ts";

export type Resource = keyof UsageRecord;

const MIB = 2 ** 20;

/** How many bytes or images one unit of a limit is. */
export const UNIT: Record<Resource, number> = {
  image_size_total: MIB,
  image_stage_total: MIB,
  image_count_total: 1,
  image_count_uploading: 1,
};

/**
 * Before data comes whose declared size, in bytes, is known or not (null or 0). Resolves to what the write that
 * makes the image active must keep: others may have come first.
 */
export function enforceImageSizeTotal(ctx: Ctx, size: number | null): Promise<Quota | null> {
  return enforce(ctx, "image_size_total", toMib(size));
}

/** Before data goes to the staging area; `size` as above. */
export async function enforceImageStagingTotal(ctx: Ctx, size: number | null): Promise<void> {
  await enforce(ctx, "image_stage_total", toMib(size));
}

/** Before an image is made. Where it can be, `imageCountQuota` in the write itself is better. */
export async function enforceImageCountTotal(ctx: Ctx): Promise<void> {
  await enforce(ctx, "image_count_total", 1);
}

/** After the image has become `saving`, `uploading` or `importing`, so that it is counted. */
export async function enforceImageCountUploading(ctx: Ctx): Promise<void> {
  await enforce(ctx, "image_count_uploading", 0);
}

/** For the write that makes an image. */
export function imageCountQuota(ctx: Ctx): Promise<Quota | null> {
  return unifiedQuota(ctx, "image_count_total", 1);
}

/** For the write that lets the data of an image begin: it counts among its owner's, if that is who uploads. */
export function uploadingQuota(ctx: Ctx, image: { owner: string | null }): Promise<Quota | null> {
  return unifiedQuota(ctx, "image_count_uploading", 0, image.owner === ctx.caller.projectId ? 1 : 0);
}

function toMib(size: number | null): number {
  return Math.floor((size ?? 0) / MIB);
}

async function enforce(ctx: Ctx, resource: Resource, delta: number): Promise<Quota | null> {
  const quota = await unifiedQuota(ctx, resource, delta);
  if (quota === null) return null;
  const used = await ctx.deps.db.read.usage.one({ resource, owner: ctx.caller.projectId });
  return used + quota.limit.add > quota.limit.max ? quota.refuse(used) : quota;
}

/** `counted`: what the image itself will use by the write, in units of the limit. Null: no limit. */
async function unifiedQuota(
  ctx: Ctx,
  resource: Resource,
  delta: number,
  counted = 0,
): Promise<Quota | null> {
  if (ctx.deps.limits === null) return null;
  const owner = ctx.caller.projectId;
  // As oslo.limit has it: what nobody registered is not allowed at all.
  const limit = (await ctx.deps.limits.of(owner)).get(resource) ?? 0;
  if (limit < 0) return null;
  const unit = UNIT[resource];
  return {
    // Usage counts in whole units: up to the last byte before the next one it is within the limit.
    limit: { resource, owner, add: (delta + counted) * unit, max: (limit + 1) * unit - 1 },
    refuse: (used) => {
      const usage = Math.floor(used / unit) + counted;
      const text =
        `Resource ${resource} is over limit of ${limit} due to current usage ${usage} and delta ${delta}`;
      return fail("too_large", `Project ${owner} is over a limit for [${text}]`, {
        close: resource !== "image_count_total",
      });
    },
  };
}
