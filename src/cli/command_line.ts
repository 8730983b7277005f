/** Parses the command line of a command of `oneglance`, and refuses unknown words. */
import { parseShared, type Shared, SHARED_NAMES } from "../config/cli_options.ts";
import { takeFlags, takeValue, UsageError } from "../util/arguments.ts";
import { didYouMean } from "../util/near.ts";

/** The options of every command, and the command's own words. */
export interface CommandLine extends Shared {
  /** Use the data of a stand-alone start, and read no configuration file. */
  readonly standalone: boolean;
  /** The directory of that data; null for the default. */
  readonly dataDir: string | null;
}

/** Errors: UsageError for a missing value, or for options that exclude each other. */
export function parseLine(args: readonly string[]): CommandLine {
  const shared = parseShared(args);
  const { value: dataDir, rest: others } = takeValue(shared.rest, "--data-dir");
  const { flags, rest } = takeFlags(others, ["--standalone"] as const);
  const standalone = flags.has("--standalone");
  if (standalone && shared.sources.length > 0) throw new UsageError("--standalone reads no --config-file.");
  return { ...shared, standalone, dataDir, rest };
}

/**
 * Refuses the first remaining word of a command line.
 * @param known the command's own options and actions, for a suggestion
 * @throws UsageError when there is a word
 */
export function refuseRest(command: string, rest: readonly string[], known: readonly string[] = []): void {
  const [word] = rest;
  if (word === undefined) return;
  const name = word.startsWith("--") ? word.split("=", 1)[0]! : word;
  const names = [...known, ...SHARED_NAMES, "--standalone", "--data-dir"];
  throw new UsageError(`${command} does not know '${name}'.${didYouMean(name, names)}`);
}
