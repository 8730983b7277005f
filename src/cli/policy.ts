/** `oneglance policy check`: why a rule allows or denies (spec/policy.md). */
import { loadConfig } from "../config/config.ts";
import { parseShared } from "../config/cli_options.ts";
import { runPolicyCheck } from "../policy/explain.ts";
import { UsageError } from "../util/usage_error.ts";
import { helpOf } from "./help.ts";
import type { Program } from "./program.ts";

/** Resolves to 0 allowed, 1 denied, 2 a question that cannot be asked. */
export async function policy(program: Program): Promise<number> {
  const shared = parseShared(program.args);
  const [action, ...rest] = shared.rest;
  if (shared.help) {
    program.out(helpOf("policy")!);
    return 0;
  }
  if (action !== "check") throw new UsageError("policy wants an action: check.");
  const { sources, overrides } = shared;
  const config = loadConfig({ sources, overrides, env: program.env, prog: "glance-api" });
  const { output, exit } = await runPolicyCheck(rest, config);
  (exit === 2 ? program.err : program.out)(output);
  return exit;
}
