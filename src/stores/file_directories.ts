import { statfs } from "node:fs";
import { promisify } from "node:util";
import * as v from "valibot";
import { fail, GlanceError } from "../errors.ts";
import { errorText } from "../util/error_text.ts";
import { DIRECTORY_GONE, systemCode, within } from "./file_errors.ts";
import { temporaryName } from "./file_temporary.ts";

/** A directory for images. */
export interface DataDirectory {
  /** Absolute, without trailing slash. */
  path: string;
  priority: number;
}

/** The directories of a file store, highest priority first, and why the store is read-only, or null. */
interface ParsedDirectories {
  directories: DataDirectory[];
  readOnly: string | null;
}

/**
 * Reads `filesystem_store_datadir` and `filesystem_store_datadirs` (docs/reference/stores.md §2.1). Calls `warn` for a
 * directory listed twice. Any error makes the store read-only.
 */
export function parseDirectories(
  datadir: string,
  datadirs: readonly string[],
  warn: (text: string) => void,
): ParsedDirectories {
  const wrong = (readOnly: string): ParsedDirectories => ({ directories: [], readOnly });
  if (datadir !== "" && datadirs.length > 0) {
    return wrong("Specify either 'filesystem_store_datadir' or 'filesystem_store_datadirs', not both.");
  }
  if (datadir !== "") return { directories: [{ path: trimSlash(datadir), priority: 0 }], readOnly: null };
  if (datadirs.length === 0) {
    return wrong("Specify at least 'filesystem_store_datadir' or 'filesystem_store_datadirs'.");
  }
  const seen = new Map<string, number>();
  for (const entry of datadirs) {
    const colon = entry.lastIndexOf(":");
    const path = trimSlash((colon < 0 ? entry : entry.slice(0, colon)).trim());
    const text = colon < 0 ? "" : entry.slice(colon + 1).trim();
    if (!/^([+-]?\d+)?$/.test(text)) {
      return wrong(`Invalid priority value ${text} in filesystem_store_datadirs.`);
    }
    if (path === "") return wrong("An entry of filesystem_store_datadirs has no directory.");
    const priority = Number(text);
    const before = seen.get(path);
    if (before === priority) warn(`Directory ${path} is listed twice in filesystem_store_datadirs.`);
    else if (before !== undefined) {
      return wrong(`Directory ${path} is listed with two priorities in filesystem_store_datadirs.`);
    }
    seen.set(path, priority);
  }
  const directories = [...seen].map(([path, priority]) => ({ path, priority }));
  return { directories: directories.toSorted((a, b) => b.priority - a.priority), readOnly: null };
}

/**
 * Creates a missing directory, makes it searchable for group and others if `filePerm` lets them read, and checks that
 * it is writable. Returns the problem, or null.
 */
export async function prepareDirectory(
  path: string,
  filePerm: number,
  warn: (text: string) => void,
): Promise<string | null> {
  if (!path.startsWith("/")) return `Directory ${path} is not an absolute path.`;
  try {
    await Deno.mkdir(path, { recursive: true });
    const mode = ((await Deno.stat(path)).mode ?? 0) & 0o7777;
    const open = mode | (filePerm & 0o070 ? 0o010 : 0) | (filePerm & 0o007 ? 0o001 : 0);
    if (open !== mode) {
      await Deno.chmod(path, open).catch((error) =>
        warn(`The mode of ${path} cannot be changed: ${errorText(error)}`)
      );
    }
  } catch (error) {
    return `Directory ${path} cannot be used: ${errorText(error)}`;
  }
  const probe = `${path}/${temporaryName("probe")}`;
  try {
    (await Deno.open(probe, { write: true, createNew: true })).close();
    await Deno.remove(probe);
  } catch (error) {
    // A full disk may have space again at the next upload.
    if (systemCode(error) !== "ENOSPC" && systemCode(error) !== "EDQUOT") {
      return `Permission to write in ${path} denied: ${errorText(error)}`;
    }
  }
  return null;
}

/**
 * Returns the directory for `size` bytes: within the highest priority that has space, the one with most.
 * Errors: store_full, store_write_denied if all are gone, store_timeout.
 */
export async function chooseDirectory(
  directories: readonly DataDirectory[],
  size: number,
  timeout: number,
): Promise<string> {
  let best: { directory: DataDirectory; free: number } | undefined;
  let seen = false;
  for (const directory of directories) {
    if (best !== undefined && directory.priority < best.directory.priority) break;
    const free = await freeBytes(directory.path, timeout);
    if (free === null) continue;
    seen = true;
    if (free > 0 && free >= size && free > (best?.free ?? 0)) best = { directory, free };
  }
  if (best !== undefined) return best.directory.path;
  if (!seen) fail("store_write_denied", DIRECTORY_GONE);
  fail(
    "store_full",
    `There is no enough disk space left on the image storage media. requested=${size}`,
  );
}

/** Returns the free bytes of a directory; null if it does not exist. Errors: store_timeout. */
export async function freeBytes(path: string, timeout: number): Promise<number | null> {
  try {
    const { bavail, bsize } = await within(timeout, promisify(statfs)(path));
    return bavail * bsize;
  } catch (error) {
    if (error instanceof GlanceError) throw error;
    return null;
  }
}

const MOUNT = v.object({ id: v.string(), mountpoint: v.string() });
const METADATA_FILE = v.union([v.array(MOUNT), v.pipe(MOUNT, v.transform((mount) => [mount]))]);

/** An entry of `filesystem_store_metadata_file`: what nova needs to find the file itself. */
export type Mount = v.InferOutput<typeof MOUNT>;

/** Reads a metadata file (docs/reference/stores.md §2.2); returns a string with the reason if it is unusable. */
export async function readMounts(path: string): Promise<Mount[] | string> {
  try {
    return v.parse(METADATA_FILE, JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    return `The metadata file ${path} cannot be used: ${errorText(error)}`;
  }
}

/** Returns the metadata of a file's location: the first entry whose mount point is a prefix of its path; else empty. */
export function mountOf(mounts: readonly Mount[], path: string): Record<string, unknown> {
  const mount = mounts.find(({ mountpoint }) => path.startsWith(mountpoint));
  return mount === undefined ? {} : { id: mount.id, mountpoint: mount.mountpoint };
}

function trimSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}
