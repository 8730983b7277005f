import { systemCode } from "./file_errors.ts";

/** Gives a finished temporary file its final name, never over a file that stands there (EEXIST then). */
export async function placeFile(temporary: string, final: string): Promise<void> {
  try {
    await Deno.link(temporary, final);
  } catch (error) {
    // Not every file system has hard links.
    if (!["EPERM", "EOPNOTSUPP", "ENOTSUP", "ENOSYS", "EMLINK"].includes(systemCode(error))) throw error;
    return await reserveAndRename(temporary, final);
  }
  // The image stands: a second name that cannot be removed now is swept later.
  await Deno.remove(temporary).catch(() => {});
}

/** The way without hard links: an empty file takes the name, so that no other writer can, and is replaced. */
export async function reserveAndRename(temporary: string, final: string): Promise<void> {
  (await Deno.open(final, { write: true, createNew: true })).close();
  try {
    await Deno.rename(temporary, final);
  } catch (error) {
    await Deno.remove(final).catch(() => {});
    throw error;
  }
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await Deno.open(path, { read: true });
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}
