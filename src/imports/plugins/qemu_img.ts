/** qemu-img as a child process under limits of memory, CPU and time: it reads data that strangers made. */
import { fail } from "../../errors.ts";
import { withoutPaths } from "../../util/error_text.ts";

export interface QemuLimits {
  /** Bytes of address space. */
  memory: number;
  /** Seconds of CPU. */
  cpu: number;
  /** Seconds on the clock. */
  seconds: number;
  /** Bytes that a file it writes may have. */
  output: number;
}

interface QemuOptions {
  limits: QemuLimits;
  signal: AbortSignal;
  /** Called with each piece of standard output as it comes. */
  onOutput?: (text: string) => void;
}

/**
 * The shell sets the limits and becomes qemu-img; nothing of what a user sent is read as shell text. A child that
 * outlived this process would continue to write data that no process needs.
 */
const SCRIPT = `ulimit -v "$1" && ulimit -t "$2" && ulimit -f "$3" && shift 3
command -v qemu-img >/dev/null || exit 127
if setpriv --pdeathsig KILL true 2>/dev/null; then exec setpriv --pdeathsig KILL qemu-img "$@"; fi
exec qemu-img "$@"`;
/** The unit of `ulimit -f`, in bytes. */
const FILE_BLOCK = 512;
/** Exit code when a file has become larger than the limit, where qemu-img does not say so itself. */
const SIGXFSZ = 128 + 25;

/**
 * Runs `qemu-img ARGS`; resolves to standard output. Errors: bad_request with what it said (no paths), too_large above
 * `limits.output`, internal when it is missing.
 */
export async function qemuImg(
  args: readonly string[],
  { limits, signal, onOutput }: QemuOptions,
): Promise<string> {
  signal.throwIfAborted();
  const numbers = [
    Math.floor(limits.memory / 1024),
    limits.cpu,
    Math.floor(limits.output / FILE_BLOCK),
  ].map(String);
  const child = new Deno.Command("sh", {
    args: ["-c", SCRIPT, "sh", ...numbers, ...args],
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
      // The process has already ended.
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
    if (code === SIGXFSZ || err.includes("File too large")) {
      fail("too_large", `qemu-img ${args[0]} would make more than ${limits.output} bytes.`);
    }
    if (code !== 0 || err !== "") {
      const said = withoutPaths(err, args).trim().slice(0, 300);
      fail("bad_request", `qemu-img ${args[0]} failed: ${said || code}`, { cause: new Error(err.trim()) });
    }
    return out;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
  }
}

/** All of a stream as text, no more than 1 MiB of it. */
async function collect(stream: ReadableStream<Uint8Array>, report?: (text: string) => void): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    if (text.length < 1024 * 1024) text += part;
    report?.(part);
  }
  return text;
}
