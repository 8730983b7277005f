/** Finds the command: by the name the executable was called by, else by its first argument (spec/cli.md). */
import { GlanceError } from "../errors.ts";
import { UsageError } from "../util/usage_error.ts";
import { VERSION } from "../util/version.ts";
import { db } from "./db.ts";
import { HELP, helpOf } from "./help.ts";
import { inspect } from "./inspect.ts";
import { manage } from "./manage.ts";
import { metadefs } from "./metadefs.ts";
import { policy } from "./policy.ts";
import type { Command, Program } from "./program.ts";
import { sampleConfig } from "./sample_config.ts";
import { serve } from "./serve.ts";
import { stuck } from "./stuck.ts";

/** Commands of `oneglance`. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  serve,
  db,
  metadefs,
  inspect,
  policy,
  stuck,
  "sample-config": sampleConfig,
};

/** Names of upstream's programs that the executable answers to. */
export const PROGRAMS: Readonly<Record<string, Command>> = { "glance-api": serve, "glance-manage": manage };

/** Runs the command line; resolves to the exit code. */
export async function run(program: Program): Promise<number> {
  const byName = PROGRAMS[program.name];
  try {
    if (byName) return await byName(program);
    const [first = "", ...rest] = program.args;
    if (first === "--version") {
      program.out(VERSION);
      return 0;
    }
    if (first === "" || first === "-h" || first === "--help" || first === "help") {
      const topic = rest[0];
      if (topic !== undefined && !helpOf(topic)) throw new UsageError(`There is no command '${topic}'.`);
      program.out(topic === undefined ? HELP : helpOf(topic)!);
      return first === "" ? 2 : 0;
    }
    const command = COMMANDS[first] ?? PROGRAMS[first];
    if (!command) throw new UsageError(`There is no command '${first}'.`);
    return await command({ ...program, name: PROGRAMS[first] ? first : program.name, args: rest });
  } catch (error) {
    if (error instanceof UsageError) {
      program.err(`${error.message}\nTry '${program.name} --help'.`);
      return 2;
    }
    if (error instanceof GlanceError) {
      program.err(`ERROR: ${error.message}`);
      return error.code === "config" ? 5 : 1;
    }
    throw error;
  }
}
