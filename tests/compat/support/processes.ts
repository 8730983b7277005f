/** Starting and stopping the programs that a compatibility test needs; only what was started here is ever stopped. */

/** How a finished command ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** What a command is run with. */
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

/** The standard output of a command that has to succeed; throws with what it said when it does not. */
export async function must(name: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await command(name, args, options);
  if (code !== 0) {
    throw new Error(`${name} ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
  }
  return stdout;
}

/** A TCP port of loopback that nobody listens on. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Waits until the address answers with 200; throws after `seconds`, or when `alive` says that waiting is vain. */
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
