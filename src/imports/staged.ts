/** The staged data of an image (docs/reference/stores.md §11). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail, isError } from "../errors.ts";
import { filePeek } from "../formats/inspection.ts";
import { judgeData } from "../images/upload.ts";
import { pathOf } from "../stores/location.ts";

/** The unit of a file's allocated blocks, in bytes. */
const BLOCK = 512;

type Parts = Pick<Deps, "stores">;

/** Where the data of an image is staged. */
export function stagedPath({ stores }: Parts, imageId: string): string {
  return pathOf(`${stores.staging.urlPrefix}/${imageId}`);
}

/** Whether whole data of the image is staged here. */
export async function isStaged({ stores }: Parts, imageId: string): Promise<boolean> {
  try {
    await stores.staging.size(`${stores.staging.urlPrefix}/${imageId}`);
    return true;
  } catch (error) {
    if (isError(error, "store_not_found")) return false;
    throw error;
  }
}

/** Removes whatever is staged of an image: half-written files too, and what plugins made of it (`ID.qcow2`). */
export async function unstage(deps: Parts, imageId: string): Promise<void> {
  await deps.stores.staging.discard(imageId);
  const path = stagedPath(deps, imageId);
  const directory = path.slice(0, path.lastIndexOf("/"));
  try {
    for await (const { name } of Deno.readDir(directory)) {
      if (name.startsWith(`${imageId}.`)) await Deno.remove(`${directory}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
  }
}

/**
 * Inspects the content of a staged file as an upload of it would be, and whether it has holes.
 * Errors: unsupported_media_type, not_found.
 */
export async function judgeStaged(
  ctx: Ctx,
  image: ImageRecord,
  path: string,
): Promise<{ size: number; virtual_size: number | null; sparse: boolean }> {
  using file = await openStaged(path);
  const { size, blocks } = await file.stat();
  const sparse = blocks !== null && blocks * BLOCK < size;
  const peek = filePeek(file);
  return { size, sparse, virtual_size: await judgeData(ctx, image, { peek }, size) };
}

/** Errors: not_found. */
export async function openStaged(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) fail("not_found", "The staged data is not here.", { cause });
    return fail("internal", "The staged data cannot be read.", { cause });
  }
}
