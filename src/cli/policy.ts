/** `oneglance policy check`: why a rule allows or denies (docs/reference/policy.md). */
import { runPolicyCheck } from "../policy/explain.ts";
import { SILENT } from "../policy/load.ts";
import { UsageError } from "../util/arguments.ts";
import type { CommandLine } from "./command_line.ts";
import { loadOptions } from "./configuration.ts";
import type { Program } from "./program.ts";

/** Resolves to 0 allowed, 1 denied, 2 invalid question. */
export async function policy(program: Program, line: CommandLine): Promise<number> {
  const [action, ...rest] = line.rest;
  if (action !== "check") throw new UsageError("policy needs an action: check.");
  // What is to mend in the files may be why the answer is another than was expected.
  const log = { ...SILENT, warn: program.err };
  const { output, exit } = await runPolicyCheck(rest, loadOptions(program, line, "glance-api"), { log });
  (exit === 2 ? program.err : program.out)(output);
  return exit;
}
