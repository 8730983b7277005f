/** `user_storage_quota`: bytes that a project may keep (spec/images-api.md §3.9). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";

const UNITS: Record<string, number> = { "": 0, B: 0, KB: 1, MB: 2, GB: 3, TB: 4 };

/** Bytes of the option's text; 0 = no quota. Errors: config. */
export function storageQuotaBytes(text: string): number {
  const match = /^(\d+)((?:K|M|G|T)?B)?$/.exec(text);
  if (!match) {
    fail("config", `user_storage_quota = ${text} is not a number with an optional B, KB, MB, GB or TB.`);
  }
  return Number(match[1]) * 1024 ** UNITS[match[2] ?? ""]!;
}

/** Refuses data of a known size that does not fit, or of unknown size when nothing is left. Errors: too_large. */
export async function checkStorageQuota(ctx: Ctx, imageId: string, size: number | null): Promise<void> {
  const remaining = await remainingStorage(ctx, imageId);
  if (remaining === null) return;
  if (size === null ? remaining <= 0 : size > remaining) refuse(size ?? 0, remaining);
}

/** The same for data whose size is known only now that it is there. Errors: too_large. */
export async function checkStorageQuotaAfter(ctx: Ctx, imageId: string, size: number): Promise<void> {
  const remaining = await remainingStorage(ctx, imageId);
  if (remaining !== null && size > remaining) refuse(size, remaining);
}

/** Bytes that the caller's project may still add, the image itself left out; null = no quota. */
export async function remainingStorage(ctx: Ctx, exceptImage: string): Promise<number | null> {
  const { config, db } = ctx.deps;
  if (config.get("DEFAULT.use_keystone_limits")) return null;
  const quota = storageQuotaBytes(config.get("DEFAULT.user_storage_quota"));
  if (quota === 0) return null;
  return quota - await db.read.storageUsed({ owner: ctx.caller.projectId, exceptImage });
}

function refuse(size: number, remaining: number): never {
  fail(
    "too_large",
    `Image exceeds the storage quota: The size of the data ${size} will exceed the limit. ${remaining} bytes remaining.`,
    { close: true },
  );
}
