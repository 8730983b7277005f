/** Our listener alone in a process of its own (bare_listener.ts). */
import { fileURLToPath } from "node:url";
import { until } from "./served.ts";

export interface BareProcess {
  child: Deno.ChildProcess;
  port: number;
  /** What it has printed so far. */
  said(): string;
}

/** Runs `test` beside such a process, which is killed afterwards. `openFiles`: its limit; default: that of the test. */
export async function withBareListener(
  test: (bare: BareProcess) => Promise<void>,
  { openFiles }: { openFiles?: number } = {},
): Promise<void> {
  const program = fileURLToPath(new URL("bare_listener.ts", import.meta.url));
  const run = [Deno.execPath(), "run", "-A", "--no-check", "--quiet", program];
  const limit = openFiles === undefined ? "" : `ulimit -n ${openFiles} && `;
  const child = new Deno.Command("sh", {
    args: ["-c", `${limit}exec "$@"`, "sh", ...run],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let said = "";
  const reading = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeTo(new WritableStream({ write: (text) => void (said += text) }));
  try {
    await until("it listens", () => /port (\d+)\n/.test(said));
    await test({ child, port: Number(/port (\d+)\n/.exec(said)![1]), said: () => said });
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await reading;
  }
}
