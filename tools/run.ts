/** How a command ended. */
export interface Ended {
  code: number;
  stdout: string;
}

/** What to run it with. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Keep the standard output instead of passing it through. */
  capture?: boolean;
}

/** Runs a command to its end, without standard input; its standard error goes to ours. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: options.cwd,
    env: options.env,
    stdin: "null",
    stdout: options.capture ? "piped" : "inherit",
    stderr: "inherit",
  });
  const { code, stdout } = options.capture
    ? await child.output()
    : { code: (await child.spawn().status).code, stdout: new Uint8Array() };
  return { code, stdout: new TextDecoder().decode(stdout) };
}

/** Runs the deno that runs this program. */
export function deno(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(Deno.execPath(), args, options);
}
