import * as v from "valibot";

const ENTRY = v.object({ id: v.string(), mountpoint: v.string() });
const FILE = v.union([v.array(ENTRY), v.pipe(ENTRY, v.transform((entry) => [entry]))]);

/** An entry of `filesystem_store_metadata_file`: what nova needs to find the file by itself. */
export type Mount = v.InferOutput<typeof ENTRY>;

/** Reads a metadata file (spec/stores.md §2.2); a string says why it cannot be used. */
export async function readMounts(path: string): Promise<Mount[] | string> {
  try {
    return v.parse(FILE, JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    return `The metadata file ${path} cannot be used: ${error instanceof Error ? error.message : error}`;
  }
}

/** The metadata of a file's location: the first entry whose mount point its path begins with; empty when none. */
export function mountOf(mounts: readonly Mount[], path: string): Record<string, unknown> {
  const mount = mounts.find(({ mountpoint }) => path.startsWith(mountpoint));
  return mount === undefined ? {} : { id: mount.id, mountpoint: mount.mountpoint };
}
