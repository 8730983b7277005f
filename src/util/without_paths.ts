import { basename } from "node:path";

/** The text with the names of those files alone in the place of their paths: where they lie is for nobody but the operator. */
export function withoutPaths(text: string, paths: readonly string[]): string {
  // The longest first: one may be the beginning of another.
  const absolute = paths.filter((path) => path.startsWith("/")).toSorted((a, b) => b.length - a.length);
  return absolute.reduce((left, path) => left.replaceAll(path, basename(path)), text);
}
