/** URLs that a caller names as the place of an image's data (docs/reference/images-api.md §3.8). */
import type { Ctx } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";

const log = getLog("oneglance.images.locations");

/** Schemes whose URLs only the service itself may write: they would reach into its own disk or accounts. */
const RESTRICTED = ["file", "filesystem", "swift+config"];

/** Whether the filter lets a location be asked; it judges http and https (docs/reference/images-api.md §2.8.6). */
export async function passesFilter({ deps }: Ctx, url: string): Promise<boolean> {
  return !/^https?:/i.test(url) || await deps.uriFilter.read(url, { credentials: true }) !== null;
}

/** Bytes that the store reports at the URL; more than 0. Errors: bad_request, store_timeout, store_gone. */
export async function sizeOfExternal(
  ctx: Ctx,
  url: string,
  metadata: Record<string, unknown>,
): Promise<number> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined || RESTRICTED.includes(scheme)) fail("bad_request", "Invalid location");
  const store = ctx.deps.stores.forLocation({ url, metadata });
  if (!store || !store.schemes.includes(scheme)) fail("bad_request", "Invalid location");
  if (!await passesFilter(ctx, url)) fail("bad_request", "Invalid location");
  let size: number;
  try {
    size = await store.size(url);
  } catch (error) {
    // The caller learns no more than from Glance; the operator learns why.
    log.warn("a location was refused", { error });
    if (isError(error, "store_timeout", "store_gone")) throw error;
    if (isError(error, "store_bad_uri")) fail("bad_request", error.message, { cause: error });
    fail("bad_request", "Invalid location", { cause: error });
  }
  if (size <= 0) fail("bad_request", "Invalid location");
  return size;
}

/** Refuses metadata that a location cannot carry: only strings, lists and maps. Errors: bad_request. */
export function checkLocationMetadata(value: unknown): void {
  if (typeof value === "string") return;
  if (typeof value !== "object" || value === null) {
    fail("bad_request", "Invalid location: its metadata may hold strings, lists and maps only.");
  }
  for (const item of Object.values(value)) checkLocationMetadata(item);
}
