/** What a command is given, and what it gives back. */
import type { WorkerUrls } from "../compose.ts";

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

/** Resolves to the exit code. */
export type Command = (program: Program) => Promise<number>;
