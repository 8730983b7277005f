import { basename } from "node:path";

/** The message of an error; anything else that was thrown, as text. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Replaces the paths of these files by their names: users must not learn where they are. */
export function withoutPaths(text: string, paths: readonly string[]): string {
  // The longest first: a path may start with another.
  const absolute = paths.filter((path) => path.startsWith("/")).toSorted((a, b) => b.length - a.length);
  return absolute.reduce((left, path) => left.replaceAll(path, basename(path)), text);
}
