/** qemu-img as a child process under limits of memory, CPU and time: it reads data that strangers made. */
import { fail } from "../../errors.ts";

export interface QemuLimits {
  /** Bytes of address space. */
  memory: number;
  /** Seconds of CPU. */
  cpu: number;
  /** Seconds on the clock. */
  seconds: number;
}

export interface QemuOptions {
  limits: QemuLimits;
  signal: AbortSignal;
  /** Called with each piece of standard output as it comes. */
  onOutput?: (text: string) => void;
}

/** Runs `qemu-img ARGS`; resolves to standard output. Errors: bad_request with what it said, internal when it is missing. */
export async function qemuImg(
  args: readonly string[],
  { limits, signal, onOutput }: QemuOptions,
): Promise<string> {
  signal.throwIfAborted();
  // The shell sets the limits and becomes qemu-img; nothing of what a user sent is read as shell text.
  const script = 'ulimit -v "$1" && ulimit -t "$2" && shift 2 && exec qemu-img "$@"';
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sh", String(Math.floor(limits.memory / 1024)), String(limits.cpu), ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", LC_ALL: "C" },
  }).spawn();
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, limits.seconds * 1000);
  signal.addEventListener("abort", kill, { once: true });
  try {
    const [out, err, { code }] = await Promise.all([
      collect(child.stdout, onOutput),
      collect(child.stderr),
      child.status,
    ]);
    signal.throwIfAborted();
    if (late) fail("bad_request", `qemu-img ${args[0]} did not end within ${limits.seconds} s.`);
    if (code === 127) fail("internal", "qemu-img is not installed on this machine (Debian: qemu-utils).");
    if (code !== 0 || err !== "") {
      fail("bad_request", `qemu-img ${args[0]} failed: ${err.trim().slice(0, 300) || code}`);
    }
    return out;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
  }
}

/** All of a stream as text, no more than 1 MiB of it. */
async function collect(stream: ReadableStream<Uint8Array>, tell?: (text: string) => void): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    if (text.length < 1024 * 1024) text += part;
    tell?.(part);
  }
  return text;
}
