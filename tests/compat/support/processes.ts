/** Starts and stops the programs that a compatibility test needs; never stops a program that it did not start. */

/** How a finished command ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** How to run a command. */
export interface CommandOptions {
  cwd?: string;
  /** Added to the environment. */
  env?: Record<string, string>;
  /** Milliseconds; default five minutes. */
  timeout?: number;
}

/** Runs a command to its end, without standard input. */
export async function command(name: string, args: string[], options: CommandOptions = {}): Promise<Ended> {
  const output = await new Deno.Command(name, {
    args,
    cwd: options.cwd,
    env: options.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(options.timeout ?? 300_000),
  }).output();
  const text = new TextDecoder();
  return { code: output.code, stdout: text.decode(output.stdout), stderr: text.decode(output.stderr) };
}

/** Runs a command that must succeed and returns its standard output; throws with its output when it fails. */
export async function must(name: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await command(name, args, options);
  if (code !== 0) {
    throw new Error(`${name} ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
  }
  return stdout;
}

/** Returns a free TCP port of loopback. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Waits until the address responds with 200; throws after `seconds`, or when `alive` returns false. */
export async function waitFor200(url: string, seconds: number, alive = () => true): Promise<void> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
      await answer.body?.cancel();
      if (answer.status === 200) return;
    } catch {
      // not listening yet
    }
    if (!alive()) throw new Error(`${url}: the server has ended`);
    if (performance.now() > end) throw new Error(`${url}: no 200 within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
