/**
 * Single steps of a file store on its disk: their errors and time limit, hidden names of unfinished files, links,
 * syncs, and what is removed after a crash (docs/reference/stores.md §2).
 */
import { randomBytes } from "node:crypto";
import { fail, GlanceError } from "../errors.ts";
import { fateOf, PROCESS_NAME, processName } from "../util/process_name.ts";
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

/** Links the finished file to its final name; throws EEXIST instead of overwriting. */
export async function giveFinalName(temporary: string, final: string): Promise<void> {
  try {
    await Deno.link(temporary, final);
  } catch (error) {
    // Not every file system has hard links.
    if (!["EPERM", "EOPNOTSUPP", "ENOTSUP", "ENOSYS", "EMLINK"].includes(systemCode(error))) throw error;
    return await reserveAndRename(temporary, final);
  }
  // The image is complete: if the temporary name cannot be removed now, the sweep removes it.
  await Deno.remove(temporary).catch(() => {});
}

/** For file systems without hard links: reserves the name with an empty file, then replaces that. */
export async function reserveAndRename(temporary: string, final: string): Promise<void> {
  (await Deno.open(final, { write: true, createNew: true })).close();
  try {
    await Deno.rename(temporary, final);
  } catch (error) {
    await Deno.remove(final).catch(() => {});
    throw error;
  }
}

/** Makes the entries of a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await Deno.open(path, { read: true });
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}

/** Files being written are hidden beside the final name: `.NAME.PROCESS.RANDOM.tmp`. */
const PATTERN = new RegExp(`^\\.(.+)\\.(${PROCESS_NAME})\\.[0-9a-f]{12}\\.tmp$`);

/** Milliseconds since the last write after which a file counts as orphaned if its process is out of sight. */
const STALE = 24 * 3600 * 1000;

/** Returns a new temporary name for the data of `name`. */
export function temporaryName(name: string): string {
  return `.${name}.${processName()}.${randomBytes(6).toString("hex")}.tmp`;
}

/** Whether `file` is a temporary name for the data of `name`, from any process. */
function isTemporaryOf(file: string, name: string): boolean {
  return PATTERN.exec(file)?.[1] === name;
}

async function isOrphaned(path: string, name: string): Promise<boolean> {
  const writer = PATTERN.exec(name)?.[2];
  if (writer === undefined) return false;
  const fate = fateOf(writer);
  if (fate !== "unseen") return fate === "dead";
  const { mtime } = await Deno.stat(path);
  return mtime !== null && Date.now() - mtime.getTime() > STALE;
}

/**
 * Removes unfinished files of dead processes from `datadirs` and returns their paths. The file of a living process
 * stays; if its process is out of sight (another machine or container), the file goes a day after its last write.
 * Unreadable directories are skipped.
 */
export async function sweepTemporary(datadirs: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const datadir of datadirs) {
    try {
      for await (const { name, isFile } of Deno.readDir(datadir)) {
        const path = `${datadir}/${name}`;
        if (!isFile || !await isOrphaned(path, name).catch(() => false)) continue;
        await Deno.remove(path).then(() => removed.push(path), () => {});
      }
    } catch {
      continue;
    }
  }
  return removed;
}

/**
 * Removes the file `name` and its temporary files from `directory`, durably, and returns their paths; none if the
 * directory does not exist. Errors: internal.
 */
export async function discardFiles(directory: string, name: string): Promise<string[]> {
  const removed: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (!entry.isFile || (entry.name !== name && !isTemporaryOf(entry.name, name))) continue;
      const path = `${directory}/${entry.name}`;
      await Deno.remove(path).catch((error) => {
        // Its writer removed it first.
        if (systemCode(error) !== "ENOENT") throw error;
      });
      removed.push(path);
    }
    // Without this, a power loss could bring back files that no image refers to.
    if (removed.length > 0) await syncDirectory(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return removed;
    throw new GlanceError("internal", `What is left of an upload in ${directory} cannot be removed.`, {
      cause: error,
    });
  }
  return removed;
}
