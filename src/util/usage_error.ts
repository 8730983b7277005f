/** A wrong command line: its message goes to standard error and the program ends with 2 (spec/cli.md). */
export class UsageError extends Error {
  override name = "UsageError";
}
