import { mountedAt } from "../util/mounts.ts";
import { systemCode } from "./file_errors.ts";

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
