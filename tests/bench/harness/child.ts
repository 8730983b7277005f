import { BenchTrouble } from "./measure.ts";

/** A server process that the benchmark started. Its output goes to a file, so that reading it costs us nothing. */
export class Child {
  readonly #process: Deno.ChildProcess;
  readonly #log: string;
  #ended = false;

  constructor(log: string, command: string[], env: Record<string, string> = {}) {
    this.#log = log;
    // `exec` keeps the process id, so signals and /proc speak of the server and not of the shell.
    this.#process = new Deno.Command("sh", {
      args: ["-c", 'exec "$@" >"$BENCH_LOG" 2>&1', "sh", ...command],
      env: { ...env, BENCH_LOG: log },
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    this.#process.status.then(() => this.#ended = true);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The end of what it printed. */
  lastWords(): string {
    return Deno.readTextFileSync(this.#log).slice(-2000);
  }

  /** Asks `url` every few milliseconds until it answers 200; gives the milliseconds since `from`. */
  async untilAnswer(url: string, from: number, timeoutSeconds = 60): Promise<number> {
    while (performance.now() - from < timeoutSeconds * 1000) {
      if (this.#ended) throw new BenchTrouble(`the server ended at once: ${this.lastWords()}`);
      const status = await fetch(url).then(async (r) => {
        await r.body?.cancel();
        return r.status;
      }).catch(() => null);
      if (status === 200) return performance.now() - from;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new BenchTrouble(`no answer from ${url} in ${timeoutSeconds} s: ${this.lastWords()}`);
  }

  /** SIGTERM, and SIGKILL with a BenchTrouble when it has not ended after 20 s. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#process.kill("SIGTERM");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), 20_000));
    const outcome = await Promise.race([this.#process.status, late]);
    clearTimeout(timer);
    if (outcome !== "late") return;
    this.#process.kill("SIGKILL");
    await this.#process.status;
    throw new BenchTrouble(`process ${this.pid} did not stop on SIGTERM: ${this.lastWords()}`);
  }
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}
