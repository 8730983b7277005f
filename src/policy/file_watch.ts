/** Detects changed files with a `stat` of each, so that the next request uses a file that was rewritten. */

/**
 * How long a change counts as recent (ms): a second change soon after the first may have the same time, because some
 * file systems keep times in seconds, and the others take them from a clock with steps of up to 10 ms.
 */
const RECENT = { seconds: 2000, fractions: 50 };

/** Numbers that change with a file, or with a name in a folder; null when it does not exist. */
type Stamp = readonly [modified: number, size: number, inode: number] | null;

/**
 * Files and folders with their state when they were read. A check costs about 5 µs for each that exists and 20 µs for
 * each that does not: watch the folder in which a file may appear rather than the file.
 */
export class FileWatch {
  #paths: readonly string[] = [];
  #stamps: readonly Stamp[] = [];
  #recentUntil = 0;

  /** Records the state of the paths. Call it before reading them. */
  see(paths: readonly string[]): void {
    this.#paths = paths;
    this.#stamps = paths.map(stampOf);
    const newest = Math.max(0, ...this.#stamps.map((stamp) => stamp?.[0] ?? 0));
    const now = Date.now();
    const recent = newest % 1000 === 0 ? RECENT.seconds : RECENT.fractions;
    // A time in the future comes from a wrong clock and does not count as recent.
    this.#recentUntil = newest > now - recent && newest <= now + RECENT.seconds ? newest + recent : 0;
  }

  /** Whether a path may have changed since; also true while the last change is recent. */
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
