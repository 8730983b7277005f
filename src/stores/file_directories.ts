import * as v from "valibot";
import { statfs } from "node:fs";
import { promisify } from "node:util";
import { fail, GlanceError } from "../errors.ts";
import { errorText } from "../util/error_text.ts";
import { mountedAt } from "../util/mounts.ts";
import { DIRECTORY_GONE, systemCode, temporaryName, within } from "./file_disk.ts";

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

/** The log of a store. */
export interface StoreLog {
  warn(text: string): void;
  error(text: string): void;
}

interface Seen {
  device: number;
  inode: number | null;
}

interface Watched extends Seen {
  /** Where its file system was mounted at start; null if unknown. */
  readonly point: string | null;
  gone: boolean;
}

/**
 * Compares the directories of a store with what they were at start. An unmounted file system leaves an empty directory
 * of the same name, where images look lost and new ones would be written: that directory counts as gone.
 */
export class Presence {
  readonly #watched: ReadonlyMap<string, Watched>;
  readonly #store: string;
  readonly #log: StoreLog;

  private constructor(watched: ReadonlyMap<string, Watched>, store: string, log: StoreLog) {
    this.#watched = watched;
    this.#store = store;
    this.#log = log;
  }

  /** Records the directories as they are now; missing ones are gone. `store` is the store's name in messages. */
  static async at(paths: readonly string[], store: string, log: StoreLog): Promise<Presence> {
    const watched = new Map<string, Watched>();
    for (const path of paths) {
      const seen = await look(path).catch(() => null);
      if (seen !== null) watched.set(path, { ...seen, point: await mountPoint(path), gone: false });
    }
    return new Presence(watched, store, log);
  }

  /** Whether a directory or its file system is gone. Costs one `stat` while nothing has changed. */
  async isGone(path: string): Promise<boolean> {
    const known = this.#watched.get(path);
    const seen = await look(path);
    if (!known) return seen === null;
    const gone = seen === null || await isOther(path, seen, known);
    if (gone === known.gone) return gone;
    known.gone = gone;
    if (gone) {
      const where = known.point === null || known.point === "/"
        ? ""
        : `, on the file system mounted at ${known.point}`;
      this.#log.error(
        `store ${this.#store}: the directory ${path} is gone${where}; the store does not use it until it is back`,
      );
    } else this.#log.warn(`store ${this.#store}: the directory ${path} is back`);
    return gone;
  }
}

/** Returns null if there is no such directory; other errors are thrown. */
async function look(path: string): Promise<Seen | null> {
  try {
    const { dev: device, ino: inode, isDirectory } = await Deno.stat(path);
    return isDirectory ? { device, inode } : null;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ESTALE", "ENOTCONN"].includes(systemCode(error))) return null;
    throw error;
  }
}

/**
 * Whether the path now shows a file system that another one covered at start. A directory that was created again is
 * still the same, and so is a file system that was mounted again, whose device number may differ.
 */
async function isOther(path: string, seen: Seen, known: Watched): Promise<boolean> {
  if (seen.device === known.device && seen.inode === known.inode) return false;
  const point = await mountPoint(path);
  const other = point === null || known.point === null
    ? seen.device !== known.device
    : point !== known.point && (point === "/" || known.point.startsWith(`${point}/`));
  if (!other) Object.assign(known, seen);
  return other;
}

async function mountPoint(path: string): Promise<string | null> {
  try {
    return mountedAt(await Deno.realPath(path), await Deno.readTextFile("/proc/self/mounts"))?.point ?? null;
  } catch {
    return null;
  }
}
