/** `user_storage_quota`: bytes that a project may store (docs/reference/images-api.md §3.9). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Quota } from "./quota.ts";

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
