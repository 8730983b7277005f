/** Maps the errors of a store to those that the uploader gets (docs/reference/stores.md §1.2). */
import type { Ctx } from "../deps.ts";
import { GlanceError, isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { nameOf, type Store } from "../stores/store.ts";

const log = getLog("oneglance.stores");

/** The upload's error for a store's error; any other error as it is. The body was not read to its end, so the connection is closed. */
export function uploadError(error: unknown): unknown {
  if (!isError(error)) return error;
  const options = { cause: error, close: true };
  switch (error.code) {
    case "store_full":
      return new GlanceError("too_large", `Image storage media is full: ${error.message}`, options);
    case "store_write_denied":
      return new GlanceError(
        "unavailable",
        `Insufficient permissions on image storage media: ${error.message}`,
        options,
      );
    case "store_add_disabled":
      return new GlanceError(
        "gone",
        "Error in store configuration. Adding images to store is disabled.",
        options,
      );
    case "store_duplicate":
      // Data that no image refers to. Upstream answers 500 too; the text at least says what to do.
      return new GlanceError(
        "internal",
        `${error.message} Remove the data that no image refers to, then upload again.`,
        options,
      );
    default:
      return error;
  }
}

/** The same for staging: the store is the staging area, and its data belongs to the image. */
export function stageError(error: unknown): unknown {
  const options = { cause: error, close: true };
  if (isError(error, "store_duplicate")) return new GlanceError("conflict", error.message, options);
  if (isError(error, "store_add_disabled")) {
    return new GlanceError("unavailable", "The staging area takes no data.", options);
  }
  return uploadError(error);
}

/** Tells the operator of a store that had no room for an image; nothing for other errors. Never throws. */
export async function warnIfFull(
  { deps, caller, requestId }: Ctx,
  store: Store,
  imageId: string,
  error: unknown,
): Promise<void> {
  if (!isError(error, "store_full")) return;
  const free = await store.free().catch(() => null);
  const name = store === deps.stores.staging ? "the staging area" : `store ${nameOf(store)}`;
  log.warn(`${name} is full: no room for image ${imageId}; bytes free: ${free ?? "unknown"}`, {
    context: { ...caller, requestId },
  });
}
