/** What a command is given, and what it gives back. */
import type { WorkerUrls } from "../compose.ts";
import type { CommandLine } from "./command_line.ts";

export interface Program {
  /** Arguments behind the command's name. */
  args: string[];
  /** Name the executable was called by, for usage texts and default files. */
  name: string;
  workers: WorkerUrls;
  env: Record<string, string>;
  out: (text: string) => void;
  err: (text: string) => void;
}

/** A command of `oneglance`; resolves to the exit code. */
export type Command = (program: Program, line: CommandLine) => Promise<number>;
