/** The input and output of a command. */
import type { WorkerUrls } from "../compose.ts";
import type { CommandLine } from "./command_line.ts";

export interface Program {
  /** Arguments after the command's name. */
  args: string[];
  /** The name of the call, for usage texts and default files. */
  name: string;
  workers: WorkerUrls;
  env: Record<string, string>;
  out: (text: string) => void;
  err: (text: string) => void;
}

/** A command of `oneglance`; resolves to the exit code. */
export type Command = (program: Program, line: CommandLine) => Promise<number>;
