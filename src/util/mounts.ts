/** Finds the file system of a path. */

/** A line of `/proc/mounts`. */
interface Mounted {
  /** The mount point, an absolute path. */
  point: string;
  /** For example `ext4`. */
  type: string;
}

/** The file system of an absolute path, from the text of `/proc/mounts`; null when unknown. */
export function mountedAt(path: string, mounts: string): Mounted | null {
  let best: Mounted | null = null;
  for (const line of mounts.split("\n")) {
    const [, rawPoint, type] = line.split(" ");
    if (rawPoint === undefined || type === undefined) continue;
    const point = rawPoint.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    const inside = point === "/" || path === point || path.startsWith(`${point}/`);
    // Of two mounts on one point the later one is visible.
    if (inside && point.length >= (best?.point.length ?? 0)) best = { point, type };
  }
  return best;
}
