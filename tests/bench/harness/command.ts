import { BenchTrouble } from "./measure.ts";

export interface CommandResult {
  stdout: string;
  /** Wall time from start to end. */
  seconds: number;
}

/** Runs a program to its end; throws BenchTrouble with its last words when it fails. */
export async function runCommand(program: string, ...args: string[]): Promise<CommandResult> {
  const from = performance.now();
  const result = await new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped" })
    .output();
  const seconds = (performance.now() - from) / 1000;
  const decoder = new TextDecoder();
  if (!result.success) {
    throw new BenchTrouble(
      `${program} ${args.join(" ")} ended with ${result.code}: ${decoder.decode(result.stderr).slice(-1000)}`,
    );
  }
  return { stdout: decoder.decode(result.stdout), seconds };
}

/** Where a program lies, or null when it is not installed; sbin is looked at as well (nginx). */
export function findProgram(name: string): string | null {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  for (const folder of folders.filter((f) => f !== "")) {
    try {
      if (Deno.statSync(`${folder}/${name}`).isFile) return `${folder}/${name}`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    }
  }
  return null;
}
