/** `oneglance sample-config`. */
import { sampleConfig as text } from "../config/sample.ts";
import type { Program } from "./program.ts";

// deno-lint-ignore require-await -- a command like the others
export async function sampleConfig(program: Program): Promise<number> {
  program.out(text());
  return 0;
}
