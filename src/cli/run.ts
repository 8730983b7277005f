/** Finds the command: by the name of the executable, else by its first argument (docs/reference/cli.md). */
import { GlanceError } from "../errors.ts";
import { didYouMean } from "../util/near.ts";
import { UsageError } from "../util/arguments.ts";
import { BUILD_VERSION } from "../util/version.ts";
import { parseLine } from "./command_line.ts";
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

/** Programs of upstream that the executable provides under their names. */
export const PROGRAMS: Readonly<Record<string, (program: Program) => Promise<number>>> = {
  "glance-api": (program) => runCommand("serve", program),
  "glance-manage": manage,
};

/** Programs of upstream that oneglance does not provide yet, with their exit codes for a failure. */
const PENDING: Readonly<Record<string, number>> = {
  "glance-cache-cleaner": 1,
  "glance-cache-manage": 1,
  "glance-cache-prefetcher": 1,
  "glance-cache-pruner": 1,
  "glance-replicator": 1,
  "glance-scrubber": 1,
  "glance-status": 255,
};

/** Runs the command line; resolves to the exit code. */
export async function run(program: Program): Promise<number> {
  const [first = "", ...rest] = program.args;
  const pending = [program.name, first].find((name) => Object.hasOwn(PENDING, name));
  if (pending !== undefined) {
    program.err(`ERROR: ${pending} is not implemented yet in oneglance ${BUILD_VERSION}.`);
    return PENDING[pending]!;
  }
  const own = !Object.hasOwn(PROGRAMS, program.name);
  try {
    return own ? await runOwn(program, first, rest) : await PROGRAMS[program.name]!(program);
  } catch (error) {
    if (error instanceof UsageError) {
      const help = own && [COMMANDS, PROGRAMS].some((known) => Object.hasOwn(known, first))
        ? `help ${first}`
        : "--help";
      program.err(`${error.message}\nTry '${program.name} ${help}'.`);
      return 2;
    }
    if (error instanceof GlanceError) {
      program.err(`ERROR: ${error.message}`);
      // Upstream's glance-manage exits with 1 for every error, its glance-api with 5 for a wrong configuration.
      const manages = (own ? first : program.name) === "glance-manage";
      return error.code === "config" && !manages ? 5 : 1;
    }
    throw error;
  }
}

async function runOwn(program: Program, first: string, rest: string[]): Promise<number> {
  if (first === "--version") {
    program.out(BUILD_VERSION);
    return 0;
  }
  if (first === "" || first === "-h" || first === "--help" || first === "help") {
    return await help(program, rest, first === "" ? 2 : 0);
  }
  if (Object.hasOwn(COMMANDS, first)) return await runCommand(first, { ...program, args: rest });
  if (Object.hasOwn(PROGRAMS, first)) return await PROGRAMS[first]!({ ...program, name: first, args: rest });
  throw noCommand(first);
}

async function help(program: Program, [topic, ...more]: string[], code: number): Promise<number> {
  if (more.length > 0) throw new UsageError("help takes one command.");
  if (topic === undefined) program.out(HELP);
  else if (Object.hasOwn(PROGRAMS, topic)) {
    return await PROGRAMS[topic]!({ ...program, name: topic, args: ["--help"] });
  } else program.out(helpOf(topic) ?? raise(noCommand(topic)));
  return code;
}

async function runCommand(name: string, program: Program): Promise<number> {
  const line = parseLine(program.args);
  if (line.help || line.version) {
    program.out(line.help ? helpOf(name)! : BUILD_VERSION);
    return 0;
  }
  return await COMMANDS[name]!(program, line);
}

function noCommand(name: string): UsageError {
  const known = [...Object.keys(COMMANDS), ...Object.keys(PROGRAMS), "help"];
  return new UsageError(`There is no command '${name}'.${didYouMean(name, known)}`);
}

function raise(error: Error): never {
  throw error;
}
