import { systemCode } from "./file_errors.ts";

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
