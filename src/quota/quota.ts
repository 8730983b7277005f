/**
 * Quotas (docs/reference/images-api.md §3.9): tags and properties of an image (negative = unlimited), bytes of a project
 * (`user_storage_quota`), and unified limits of Keystone. Unified limits are soft: an unknown size counts as 0, so the
 * image that exceeds a limit is accepted and the next one refused; there are none without `use_keystone_limits`.
 */
import type { UsageLimit, UsageRecord } from "../../db/records.ts";
import type { Config } from "../config/config.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";

/** A limit that a write must keep, and the error when it does not. */
export interface Quota {
  limit: UsageLimit;
  /** `used` as the database counted it. Errors: too_large. */
  refuse(used: number): never;
}

/** Errors: too_large, for more tags than `image_tag_quota`. */
export function checkTagQuota(config: Config, attempted: number): void {
  check(config.get("DEFAULT.image_tag_quota"), attempted, "image tags");
}

/** Errors: too_large, for more properties than `image_property_quota`; `os_glance*` do not count. */
export function checkPropertyQuota(config: Config, properties: Record<string, unknown>): void {
  const attempted = Object.keys(properties).filter((name) => !name.startsWith("os_glance")).length;
  check(config.get("DEFAULT.image_property_quota"), attempted, "image properties");
}

function check(maximum: number, attempted: number, what: string): void {
  if (maximum >= 0 && attempted > maximum) fail("too_large", limitText(what, attempted, maximum));
}

/** The sentence of every count quota. */
export function limitText(what: string, attempted: number, maximum: number): string {
  return `The limit has been exceeded on the number of allowed ${what}. Attempted: ${attempted}, Maximum: ${maximum}`;
}

const UNITS: Record<string, number> = { "": 0, B: 0, KB: 1, MB: 2, GB: 3, TB: 4 };

/** Bytes of the option's text; 0 = no quota. Errors: config. */
export function storageQuotaBytes(text: string): number {
  const match = /^(\d+)((?:K|M|G|T)?B)?$/.exec(text);
  if (!match) {
    fail("config", `user_storage_quota = ${text} is not a number with an optional B, KB, MB, GB or TB.`);
  }
  return Number(match[1]) * 1024 ** UNITS[match[2] ?? ""]!;
}

/**
 * Refuses data of a known size that does not fit in all `copies`, or of unknown size when nothing is left. Resolves to
 * the bytes that each copy may have, null = any number. Errors: too_large.
 */
export async function checkStorageQuota(
  ctx: Ctx,
  imageId: string,
  size: number | null,
  copies = 1,
): Promise<number | null> {
  const remaining = await remainingStorage(ctx, imageId);
  if (remaining === null) return null;
  const needed = (size ?? 0) * copies;
  if (size === null ? remaining <= 0 : needed > remaining) refuseStorage(needed, remaining);
  return Math.floor(remaining / copies);
}

/** Bytes that the caller's project may still add, not counting the image itself; null = no quota. */
export async function remainingStorage(ctx: Ctx, exceptImage: string): Promise<number | null> {
  const quota = storageQuota(ctx);
  if (quota === null) return null;
  return quota - await ctx.deps.db.read.usage.one({
    resource: "image_size_total",
    owner: ctx.caller.projectId,
    exceptImage,
  });
}

/** The limit for the write that makes an image of `size` bytes active: others may have been faster. */
export function storageSizeQuota(ctx: Ctx, size: number): Quota | null {
  const max = storageQuota(ctx);
  if (max === null) return null;
  return {
    limit: { resource: "image_size_total", owner: ctx.caller.projectId, add: size, max },
    refuse: (used) => refuseStorage(size, max - used),
  };
}

/** Errors: too_large. */
export function refuseStorage(size: number, remaining: number): never {
  fail(
    "too_large",
    `Image exceeds the storage quota: The size of the data ${size} will exceed the limit. ${remaining} bytes remaining.`,
    { close: true },
  );
}

/** Bytes in total; null without a quota, or with unified limits. */
function storageQuota({ deps: { config, limits } }: Ctx): number | null {
  return limits === null ? storageQuotaBytes(config.get("DEFAULT.user_storage_quota")) || null : null;
}

export type Resource = keyof UsageRecord;

const MIB = 2 ** 20;

/** Bytes or images of one unit of a limit. */
const UNIT: Record<Resource, number> = {
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

/** Usage and limits of the caller's project, in units of the limits; empty without unified limits. Errors: unavailable. */
export async function showUsage(
  ctx: Ctx,
): Promise<Partial<Record<Resource, { usage: number; limit: number }>>> {
  const { db, limits } = ctx.deps;
  if (limits === null) return {};
  const owner = ctx.caller.projectId;
  const [allowed, used] = await Promise.all([limits.of(owner), db.read.usage.all({ owner })]);
  const resources = Object.keys(UNIT) as Resource[];
  return Object.fromEntries(
    resources.map((name) => [
      name,
      { usage: Math.floor(used[name] / UNIT[name]), limit: allowed.get(name) ?? 0 },
    ]),
  );
}
