import { mountedAt } from "../util/mounts.ts";
import { systemCode } from "./file_errors.ts";

/** What a store tells the operator. */
export interface Teller {
  warn(text: string): void;
  error(text: string): void;
}

interface Seen {
  device: number;
  inode: number | null;
}

interface Watched extends Seen {
  /** Where its file system was mounted at start; null when this system does not say. */
  readonly point: string | null;
  gone: boolean;
}

/**
 * The directories of a store, as they were at start. A file system that is unmounted leaves an empty directory of the
 * same name behind, where images look lost and new ones would be: that is not taken for the store.
 */
export class Presence {
  readonly #watched: ReadonlyMap<string, Watched>;
  readonly #store: string;
  readonly #tell: Teller;

  private constructor(watched: ReadonlyMap<string, Watched>, store: string, tell: Teller) {
    this.#watched = watched;
    this.#store = store;
    this.#tell = tell;
  }

  /** Looks at the directories of the store that is called `store` in messages. Directories that are not there are gone. */
  static async at(paths: readonly string[], store: string, tell: Teller): Promise<Presence> {
    const watched = new Map<string, Watched>();
    for (const path of paths) {
      const seen = await look(path).catch(() => null);
      if (seen !== null) watched.set(path, { ...seen, point: await mountPoint(path), gone: false });
    }
    return new Presence(watched, store, tell);
  }

  /** Whether a directory, or the file system it was on, is away. Costs a `stat` while nothing has changed. */
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
        : `, on what was mounted at ${known.point}`;
      this.#tell.error(
        `store ${this.#store}: the directory ${path} is not there any more${where}; it is refused until it is back`,
      );
    } else this.#tell.warn(`store ${this.#store}: the directory ${path} is back`);
    return gone;
  }
}

/** null where there is no such directory. Other errors are passed on. */
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
 * Whether the directory now lies on a file system that was covered at start. A directory that was made anew is no
 * other; neither is a file system that was mounted again, whose device may have another number.
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
