/** How a command ended. */
interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** How to run a command. */
interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Keep the standard output instead of passing it through. */
  capture?: boolean;
  /** Keep the standard error instead of passing it through. */
  captureErrors?: boolean;
}

/** Runs a command to its end, without standard input; output that is not captured goes to our own output. */
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
    stderr: options.captureErrors ? "piped" : "inherit",
  }).spawn();
  const textOf = (captured: boolean | undefined, stream: () => ReadableStream<Uint8Array>) =>
    captured ? new Response(stream()).text() : Promise.resolve("");
  const [{ code }, stdout, stderr] = await Promise.all([
    child.status,
    textOf(options.capture, () => child.stdout),
    textOf(options.captureErrors, () => child.stderr),
  ]);
  return { code, stdout, stderr };
}

/** Runs the deno that runs this program. */
export function deno(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(Deno.execPath(), args, options);
}
