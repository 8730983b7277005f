/** GET /v2/images/{id}/file (docs/reference/images-api.md §2.6.2). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { authorizeImage } from "../policy/authorize.ts";
import type { StoreRead } from "../stores/store.ts";
import { findImage } from "./find.ts";

const log = getLog("oneglance.images.download");

interface DownloadInput {
  id: string;
  range: string | null;
  contentRange: string | null;
  /** Text of the query parameter `prefer`, or null. */
  prefer: string | null;
}

/** `data` null: the image has none. */
export interface Download {
  image: ImageRecord;
  slice: Slice | null;
  data: StoreRead | null;
}

/** Opens the data. Errors: not_found, forbidden, bad_request, range_not_satisfiable, unavailable, internal. */
export async function downloadImage(ctx: Ctx, input: DownloadInput): Promise<Download> {
  const { deps, caller } = ctx;
  const image = await findImage(ctx, input.id);
  if (image.status === "deactivated" && !caller.isAdmin) {
    fail("forbidden", "The requested image has been deactivated. Image data download is forbidden.");
  }
  await authorizeImage(deps.policy, "download_image", caller, image);
  const preferred = await preferredStores(ctx, image, input.prefer);
  const locations = preferring(ctx, image, preferred);
  const none = { image, slice: null, data: null };
  if (locations.length === 0) return none;
  const ranged = input.range !== null || input.contentRange !== null;
  if (ranged && image.size === null) return none;
  const slice = ranged ? parseRange(input.range, input.contentRange, image.size!) : null;
  const data = await openFirst(ctx, image, locations, slice);
  return data ? { image, slice, data } : none;
}

async function preferredStores(ctx: Ctx, image: ImageRecord, prefer: string | null): Promise<string[]> {
  const ids = (prefer ?? "").split(",").map((id) => id.trim()).filter((id) => id !== "");
  if (ids.length === 0) return ids;
  await authorizeImage(ctx.deps.policy, "download_from_store", ctx.caller, image);
  if (!ctx.deps.stores.multi) fail("bad_request", "'prefer' needs several stores (enabled_backends).");
  const unknown = ids.find((id) => !ctx.deps.stores.byId(id));
  if (unknown !== undefined) fail("bad_request", `Store '${unknown}' is not configured.`);
  return ids;
}

function preferring(ctx: Ctx, image: ImageRecord, preferred: string[]) {
  const ordered = ctx.deps.stores.order(image.locations);
  const first = ordered.filter((location) =>
    preferred.includes(ctx.deps.stores.forLocation(location)?.id ?? "")
  );
  return [...first, ...ordered.filter((location) => !first.includes(location))];
}

/** The first location that opens; null when the data is in none of them. A store that is away may have it: then 503. */
async function openFirst(
  ctx: Ctx,
  image: ImageRecord,
  locations: ImageRecord["locations"],
  slice: Slice | null,
): Promise<StoreRead | null> {
  let last: unknown;
  let away: unknown;
  for (const location of locations) {
    try {
      const store = ctx.deps.stores.forLocation(location) ??
        fail("internal", `No configured store serves location ${location.id} of image ${image.id}.`);
      const data = await store.read(location.url, slice ?? undefined);
      await refuseOtherSize(image, data);
      return data;
    } catch (error) {
      last = error;
      if (isError(error, "store_gone")) away = error;
      const where = `location ${location.id} of image ${image.id}`;
      log.warn(`${where} cannot be read`, { error, repeated: where });
    }
  }
  if (away !== undefined) throw away;
  if (isError(last, "store_not_found")) {
    log.error(`image ${image.id} is ${image.status}, and its data is in none of its stores`, {
      repeated: image.id,
    });
    return null;
  }
  if (
    isError(last, "store_remote_unavailable", "store_random_get_not_supported", "store_get_not_supported")
  ) throw last;
  fail("internal", `No location of image ${image.id} can be read.`, { cause: last });
}

/** Data of another size has been cut off or put in its place: a client would take it for the image. 0 was never known. */
async function refuseOtherSize({ size }: ImageRecord, data: StoreRead): Promise<void> {
  if (!size || data.size === null || data.size === size) return;
  await data.body.cancel();
  fail("internal", `The store has ${data.size} bytes, and the image ${size}.`);
}

export interface Slice {
  offset: number;
  length: number;
}

/** The bytes wanted of `size`, or null for all. Errors: bad_request for several ranges, range_not_satisfiable. */
function parseRange(range: string | null, contentRange: string | null, size: number): Slice | null {
  if (range !== null && range.trim() !== "") return parseByteRange(range, size);
  if (range === null && contentRange !== null && contentRange.trim() !== "") {
    return parseContentRange(contentRange, size);
  }
  return null;
}

function parseByteRange(text: string, size: number): Slice {
  if (text.includes(",")) fail("bad_request", "Multiple ranges are not supported.");
  const match = /^bytes=(\d*)-(\d*)$/.exec(text.toLowerCase().replaceAll(/\s/g, ""));
  if (!match || (match[1] === "" && match[2] === "") || size === 0) refuse(size);
  if (match[1] === "") {
    const suffix = Number(match[2]);
    // RFC 9110 §14.1.2: a suffix of no byte can never be served.
    if (suffix === 0) refuse(size);
    const offset = Math.max(0, size - suffix);
    return { offset, length: size - offset };
  }
  const offset = Number(match[1]);
  const last = match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (offset >= size || last < offset) refuse(size);
  return { offset, length: last - offset + 1 };
}

function parseContentRange(text: string, size: number): Slice {
  const match = /^bytes\s+(\d+)-(\d+)\/(\d+|\*)$/i.exec(text.trim());
  if (!match) refuse(size);
  const [offset, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === "*" ? size : Number(match[3]);
  if (last < offset || last >= total || offset >= size || last >= size) refuse(size);
  return { offset, length: last - offset + 1 };
}

function refuse(size: number): never {
  const headers = { "content-range": `bytes */${size}` };
  fail("range_not_satisfiable", "The byte range cannot be served.", { form: "detail", headers });
}
