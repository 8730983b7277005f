import { basename } from "node:path";

/** Replaces the paths of these files by their names: users must not learn where they are. */
export function withoutPaths(text: string, paths: readonly string[]): string {
  // The longest first: a path may start with another.
  const absolute = paths.filter((path) => path.startsWith("/")).toSorted((a, b) => b.length - a.length);
  return absolute.reduce((left, path) => left.replaceAll(path, basename(path)), text);
}
