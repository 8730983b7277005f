import { fail, GlanceError } from "../errors.ts";
import { withTimeout } from "../util/timeout.ts";

/** Returns the system's error code, for example `ENOSPC`; empty if there is none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** For a directory or a temporary file that was removed, or whose file system is unmounted. */
export const DIRECTORY_GONE = "The directory for the data, or what was written in it, is gone.";

/** Converts a disk error of a write into one of the closed list (docs/reference/stores.md §1.2). */
export function writeError(error: unknown, duplicate?: string): GlanceError {
  switch (systemCode(error)) {
    case "ENOSPC":
    case "EFBIG":
    case "EDQUOT":
      return new GlanceError("store_full", undefined, { cause: error });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new GlanceError("store_write_denied", undefined, { cause: error });
    case "ENOENT":
    case "ENOTDIR":
    case "ESTALE":
      return new GlanceError("store_write_denied", DIRECTORY_GONE, { cause: error });
    case "EEXIST":
      return new GlanceError("store_duplicate", duplicate, { cause: error });
    default:
      return error instanceof GlanceError
        ? error
        : new GlanceError("internal", "The image data could not be written.", { cause: error });
  }
}

/** Runs a step of a write and converts its errors with `writeError`; `duplicate` is the text for a name in use. */
export async function writing<T>(step: Promise<T>, duplicate?: string): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw writeError(error, duplicate);
  }
}

/** Waits for `step` at most `seconds`, 0 = without limit (`filesystem_store_timeout`). Errors: store_timeout. */
export async function within<T>(seconds: number, step: Promise<T>): Promise<T> {
  if (seconds <= 0) return await step;
  return await withTimeout<T>(step, seconds * 1000, () => {
    const text = `Operation timed out after ${seconds}s. Check storage health and connectivity.`;
    throw new GlanceError("store_timeout", text);
  });
}

/** Returns the size of a regular file. Errors: store_not_found, store_bad_uri, store_timeout, internal. */
export async function sizeOfFile(path: string, timeout: number): Promise<number> {
  let info: Deno.FileInfo;
  try {
    info = await within(timeout, Deno.stat(path));
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") {
      fail("store_not_found", "Image data not found in the store.");
    }
    if (error instanceof GlanceError) throw error;
    throw new GlanceError("internal", "The image data could not be read.", { cause: error });
  }
  // A pipe or device could block or never end.
  if (!info.isFile) fail("store_bad_uri", "The Store URI was malformed: it does not name a regular file.");
  return info.size;
}
