/** `oneglance sample-config`. */
import { sampleConfig as text } from "../config/sample.ts";
import { type CommandLine, refuseRest } from "./command_line.ts";
import type { Program } from "./program.ts";

/** Prints the sample; resolves to 0. Errors: UsageError. */
// deno-lint-ignore require-await -- a command like the others
export async function sampleConfig(program: Program, line: CommandLine): Promise<number> {
  refuseRest("sample-config", line.rest);
  program.out(text());
  return 0;
}
