/** Sees that files were changed by looking at each, so that a file that was rewritten is obeyed by the next request. */

/**
 * How long a change counts as recent, in ms: some file systems tell times in seconds, so that a second change soon after
 * the first may look the same.
 */
const RECENT = 2000;

/** Numbers that change when a file does, or a name in a folder; null when there is nothing. */
type Stamp = readonly [modified: number, size: number, inode: number] | null;

/**
 * Files and folders and how they were when they were read. A look costs some 5 µs for each that is there, and 20 µs for
 * each that is not: name folders in which a file may appear rather than the file.
 */
export class FileWatch {
  #paths: readonly string[] = [];
  #stamps: readonly Stamp[] = [];
  #recentUntil = 0;

  /** Takes the paths as they are now. Call it before they are read. */
  see(paths: readonly string[]): void {
    this.#paths = paths;
    this.#stamps = paths.map(stampOf);
    const newest = Math.max(0, ...this.#stamps.map((stamp) => stamp?.[0] ?? 0));
    const now = Date.now();
    // A time that lies ahead, by a wrong clock, is not waited for.
    this.#recentUntil = newest > now - RECENT && newest <= now + RECENT ? newest + RECENT : 0;
  }

  /** Whether one of them may have changed since; true also while the last change is recent. */
  mayHaveChanged(): boolean {
    if (this.#recentUntil > 0) return true;
    return this.#paths.some((path, index) => !isSame(stampOf(path), this.#stamps[index]!));
  }
}

function stampOf(path: string): Stamp {
  try {
    const { mtime, size, ino } = Deno.statSync(path);
    return [mtime?.getTime() ?? 0, size, ino ?? 0];
  } catch {
    return null;
  }
}

function isSame(one: Stamp, other: Stamp): boolean {
  if (one === null || other === null) return one === other;
  return one[0] === other[0] && one[1] === other[1] && one[2] === other[2];
}
