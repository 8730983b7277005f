/**
 * Unified limits (docs/reference/images-api.md §3.9). They are soft: an unknown size counts as 0, so the image that exceeds a
 * limit is accepted and the next one refused. No limits without `use_keystone_limits`. Errors of all: too_large,
 * unavailable.
 */
import type { UsageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Quota } from "./quota.ts";

export type Resource = keyof UsageRecord;

const MIB = 2 ** 20;

/** Bytes or images of one unit of a limit. */
export const UNIT: Record<Resource, number> = {
  image_size_total: MIB,
  image_stage_total: MIB,
  image_count_total: 1,
  image_count_uploading: 1,
};

/**
 * Called before data of a declared size in bytes (null or 0 = unknown). Resolves to the limit for the write that makes
 * the image active: others may have been faster.
 */
export function enforceImageSizeTotal(ctx: Ctx, size: number | null): Promise<Quota | null> {
  return enforce(ctx, "image_size_total", toMib(size));
}

/** Called before data goes to the staging area; `size` as above. */
export async function enforceImageStagingTotal(ctx: Ctx, size: number | null): Promise<void> {
  await enforce(ctx, "image_stage_total", toMib(size));
}

/** Called after the image has become `saving`, `uploading` or `importing`, so that it counts. */
export async function enforceImageCountUploading(ctx: Ctx): Promise<void> {
  await enforce(ctx, "image_count_uploading", 0);
}

/** The limit for the write that makes an image. */
export function imageCountQuota(ctx: Ctx): Promise<Quota | null> {
  return unifiedQuota(ctx, "image_count_total", 1);
}

/** The limit for the write that starts an upload: the image counts if the caller's project owns it. */
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

/** `counted`: what the write adds for the image itself, in units of the limit. Null: no limit. */
async function unifiedQuota(
  ctx: Ctx,
  resource: Resource,
  delta: number,
  counted = 0,
): Promise<Quota | null> {
  if (ctx.deps.limits === null) return null;
  const owner = ctx.caller.projectId;
  // As in oslo.limit: a resource without a registered limit is not allowed at all.
  const limit = (await ctx.deps.limits.of(owner)).get(resource) ?? 0;
  if (limit < 0) return null;
  const unit = UNIT[resource];
  return {
    // Usage counts in whole units: it is within the limit up to the last byte before the next unit.
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
