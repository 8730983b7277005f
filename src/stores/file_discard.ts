import { GlanceError } from "../errors.ts";
import { systemCode } from "./file_errors.ts";
import { syncDirectory } from "./file_place.ts";
import { isTemporaryOf } from "./file_temporary.ts";

/**
 * Removes the file `name` and its temporary files from `directory`, durably; returns the paths. A directory that is
 * not there has none. Errors: internal.
 */
export async function discardFiles(directory: string, name: string): Promise<string[]> {
  const removed: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (!entry.isFile || (entry.name !== name && !isTemporaryOf(entry.name, name))) continue;
      const path = `${directory}/${entry.name}`;
      await Deno.remove(path).catch((error) => {
        // Its writer was quicker.
        if (systemCode(error) !== "ENOENT") throw error;
      });
      removed.push(path);
    }
    // Otherwise a loss of power could bring them back when nobody remembers them.
    if (removed.length > 0) await syncDirectory(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return removed;
    throw new GlanceError("internal", `What is left of an upload in ${directory} cannot be removed.`, {
      cause: error,
    });
  }
  return removed;
}
