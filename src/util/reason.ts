/** How failures stand in the log. */
import { isError } from "../errors.ts";

/** What an error says, and after it what its causes say. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message || error.name;
  return error.cause === undefined ? text : `${text} (${reasonOf(error.cause)})`;
}

/** The error itself, for its trace, where nobody foresaw it; of the others the reason is enough. */
export function unforeseen(error: unknown): { error?: unknown } {
  return isError(error) && error.code !== "internal" ? {} : { error };
}
